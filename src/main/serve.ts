import { Fault } from '@jackdaw/contract/faults.ts'
import type { Terminal } from '#faces/cli/host.ts'
import type { Loaded } from './config.ts'
import { type Role, openHouse, roles } from './open.ts'
import { onSignals } from './signals.ts'

/** Opens the house and stays until SIGINT or SIGTERM; SIGHUP reads the configuration anew. Jobs are parked at the end. */
export async function serve(
  loaded: Loaded,
  as: string | undefined,
  reload: () => Promise<Loaded>,
  terminal: Terminal,
): Promise<number> {
  for (const notice of loaded.notices) terminal.stderr.write(`jackdaw: ${notice}\n`)
  const stop = new AbortController()
  const stopped = Promise.withResolvers<void>()
  const forget = onSignals(['SIGINT', 'SIGTERM'], () => {
    stop.abort()
    stopped.resolve()
  })
  try {
    await using house = await openHouse({ config: loaded.config, as: rolesOf(as), isServer: true, signal: stop.signal })
    const renew = () => {
      reload()
        .then(({ config }) => house.reload?.(config))
        .catch((error: unknown) => terminal.stderr.write(`jackdaw: not reloaded: ${String(error)}\n`))
    }
    process.on('SIGHUP', renew)
    terminal.stdout.write(house.url === undefined ? 'Jackdaw works.\n' : `Jackdaw listens on ${house.url}\n`)
    await stopped.promise
    process.off('SIGHUP', renew)
    terminal.stderr.write('stopping; jobs go on after the next start\n')
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    forget()
  }
  return 0
}

export function rolesOf(as: string | undefined): readonly Role[] {
  if (as === undefined) return ['web', 'worker', 'scheduler']
  return as
    .split(/[\s,]+/)
    .filter(Boolean)
    .map((name) => {
      const role = roles.find((known) => known === name)
      if (role === undefined)
        throw new Fault('input.invalid', { reason: `--as: expected ${roles.join(', ')}, not "${name}"` })
      if (role === 'bot') throw new Fault('house.absent', { reason: 'the bot is not part of this version' })
      return role
    })
}
