import { randomBytes } from 'node:crypto'
import { appendFileSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { format } from 'node:util'
import type { CommonOptions, Host, Screen, Session, Terminal } from '#faces/cli/host.ts'
import manifest from '../../package.json' with { type: 'json' }
import type { Config } from './config.ts'
import { onSignals } from './signals.ts'

/** The command line's host in this process. Everything heavy is imported when it is asked for. */
export function processHost(): Host {
  const terminal = processTerminal()
  let data = resolve(import.meta.dirname, '../..', process.env['JACKDAW_DATA'] || './data')
  const load = async (options: CommonOptions & { port?: string; host?: string }) => {
    const { loadConfig } = await import('./config.ts')
    const loaded = loadConfig({ flags: options })
    data = loaded.config.data
    return loaded
  }
  return {
    version: manifest.version,
    terminal,
    open: async (options, how) => {
      const { config, notices } = await load(options)
      if (how.work && notices.length > 0) {
        const what = notices.length === 1 ? 'a remark' : `${notices.length} remarks`
        terminal.stderr.write(`jackdaw: there is ${what} on the configuration; see "jackdaw config check"\n`)
      }
      return openSession(config, how)
    },
    serve: async (options) => {
      const { serve } = await import('./serve.ts')
      return serve(await load(options), options.as, () => load(options), terminal)
    },
    doctor: async (options) => {
      const { doctor } = await import('./doctor.ts')
      return doctor(options.json ?? false, () => load(options), openSession, terminal)
    },
    update: async (_, options) => {
      const { Fault } = await import('@jackdaw/contract/faults.ts')
      const { updateTool } = await import('./ytdlp.ts')
      const { config } = await load(options)
      const stop = new AbortController()
      const forget = terminal.onStop(() => stop.abort(new Fault('job.cancelled')))
      try {
        return await updateTool(config, terminal.stdout, { json: options.json ?? false, signal: stop.signal })
      } finally {
        forget()
      }
    },
    configShow: async (options) => {
      const { showConfig } = await import('./config.ts')
      const loaded = await load(options)
      for (const row of showConfig(loaded)) {
        const { from, name } = row.origin
        const line = `${row.env}=${row.value}  # ${from === 'default' ? 'default' : `${from}: ${name}`}`
        terminal.stdout.write(options.json ? `${JSON.stringify(row)}\n` : `${line}\n`)
      }
      return 0
    },
    configCheck: async (options) => {
      const { notices } = await load(options)
      for (const notice of notices) terminal.stdout.write(`remark  ${notice}\n`)
      terminal.stdout.write('The configuration is valid.\n')
      return 0
    },
    report: async (bug) => keepBug(bug, join(data, 'log')),
  }
}

/** A running server on this data folder, else the house in this process. */
async function openSession(config: Config, how: { work: boolean; signal: AbortSignal }): Promise<Session> {
  const { connect } = await import('./connect.ts')
  const remote = await connect(config.data, how.signal)
  if (remote !== undefined) return remote
  const { openHouse } = await import('./open.ts')
  const house = await openHouse({
    config,
    as: how.work ? ['worker', 'scheduler'] : [],
    isServer: false,
    signal: how.signal,
  })
  return {
    client: house.admit({ face: 'cli' }),
    where: 'here',
    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  }
}

function processTerminal(): Terminal {
  return {
    stdin: process.stdin,
    stdout: tolerant(process.stdout),
    stderr: tolerant(process.stderr),
    env: process.env,
    cwd: process.cwd(),
    home: homedir(),
    now: () => performance.now(),
    // A closed terminal (SIGHUP) stops like Ctrl-C: what was fetched is parked.
    onStop: (listener) => onSignals(['SIGINT', 'SIGTERM', 'SIGHUP'], listener),
  }
}

/** A reader that goes away (`| head`) ends our talking, not our work. */
function tolerant(stream: NodeJS.WriteStream): Screen {
  let gone = false
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    gone = true
  })
  return {
    get isTTY() {
      return stream.isTTY
    },
    get columns() {
      return stream.columns
    },
    get rows() {
      return stream.rows
    },
    write: (text) => (gone ? true : stream.write(text)),
  }
}

async function keepBug(bug: unknown, folder: string): Promise<{ incident: string; place: string }> {
  const { maskText } = await import('#kernel/mask.ts')
  const incident = randomBytes(6).toString('hex')
  const place = join(folder, 'cli.log')
  const text = maskText(format(bug))
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    appendFileSync(place, `${JSON.stringify({ at: new Date().toISOString(), incident, bug: text })}\n`, { mode: 0o600 })
    return { incident, place }
  } catch {
    // No log can be written: the terminal is the only place left.
    process.stderr.write(`${text}\n`)
    return { incident, place: 'The text above' }
  }
}
