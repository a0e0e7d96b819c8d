import type { Terminal } from './host.ts'

/** Whether somebody can be asked here. */
export function canAsk({ stdin, stdout, env }: Terminal): boolean {
  return stdin.isTTY === true && stdout.isTTY === true && env['TERM'] !== 'dumb'
}
