import { PassThrough, Readable } from 'node:stream'
import type { Host, Screen, Session, Terminal } from '#faces/cli/host.ts'

/** A terminal that remembers what was written to it. */
export interface FakeTerminal extends Terminal {
  /** Presses Ctrl-C. */
  interrupt(): void
  out(): string
  err(): string
  lines(): string[]
  /** Settles once this was written to standard output; what was there before `after` characters does not count. */
  shows(pattern: RegExp, after?: number): Promise<void>
}

/** A keyboard for `stdin`: what is typed arrives as from a terminal in raw mode. */
export function fakeKeyboard() {
  const keys = new PassThrough()
  return Object.assign(keys, { isTTY: true, setRawMode: () => keys, type: (text: string) => void keys.write(text) })
}

export function fakeTerminal(
  how: Partial<Terminal> & { tty?: boolean; columns?: number; rows?: number } = {},
): FakeTerminal {
  const written = { out: '', err: '' }
  const listeners = new Set<(signal: string) => void>()
  const waiting = new Set<() => void>()
  const screen = (to: 'out' | 'err'): Screen => ({
    isTTY: how.tty ?? false,
    columns: how.columns ?? 100,
    rows: how.rows ?? 30,
    write: (text) => {
      written[to] += text
      for (const look of waiting) look()
      return true
    },
  })
  return {
    stdin: Readable.from([]),
    stdout: screen('out'),
    stderr: screen('err'),
    env: {},
    cwd: '/here',
    home: '/home/me',
    now: () => performance.now(),
    onStop: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    interrupt: () => listeners.forEach((listener) => listener('SIGINT')),
    out: () => written.out,
    err: () => written.err,
    shows: (pattern, after = 0) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = () => {
        if (!pattern.test(written.out.slice(after))) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
      return promise
    },
    lines: () => written.out.split('\n').filter((line) => line !== ''),
    ...how,
  }
}

export function fakeHost(terminal: Terminal, session: () => Promise<Session>): Host {
  return {
    version: '1.2.3',
    terminal,
    open: session,
    serve: async () => 0,
    doctor: async () => 0,
    update: async () => 0,
    configShow: async () => 0,
    configCheck: async () => 0,
    report: async () => ({ incident: 'abc123', place: '/data/log/cli.log' }),
  }
}
