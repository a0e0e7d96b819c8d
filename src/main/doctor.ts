import { asFault } from '@jackdaw/contract/faults.ts'
import type { Service } from '@jackdaw/contract/operations/house.ts'
import type { Session, Terminal } from '#faces/cli/host.ts'
import type { Config, Loaded } from './config.ts'
import { judgeYtdlp } from './ytdlp.ts'

/** Looks at everything and says what to do; goes on after the first thing that is wrong. Exit 0 when nothing is down. */
export async function doctor(
  json: boolean,
  load: () => Promise<Loaded>,
  open: (config: Config, how: { work: boolean; signal: AbortSignal }) => Promise<Session>,
  terminal: Terminal,
): Promise<number> {
  const found: Service[] = []
  let exit = 0
  const failed = (name: string, error: unknown) => {
    const fault = asFault(error)
    exit ||= fault.exit
    found.push({ name, state: 'down', says: `${fault.message} (${fault.code})` })
  }
  found.push({ name: 'node', state: 'ok', says: process.version })
  try {
    const { config, notices } = await load()
    found.push({
      name: 'configuration',
      state: notices.length > 0 ? 'degraded' : 'ok',
      says: notices.join('; ') || 'valid',
    })
    try {
      await using session = await open(config, { work: false, signal: AbortSignal.timeout(60_000) })
      const where = session.where === 'server' ? `a server runs at ${session.url}` : 'no server runs'
      found.push({ name: 'house', state: 'ok', says: where })
      const { services, capabilities } = await session.client.house.status()
      found.push(...services)
      if (services.some((service) => service.state === 'down')) exit ||= 75
      for (const { name, available, says } of capabilities) found.push({ name, state: available ? 'ok' : 'off', says })
      const engines = await session.client.house.engines()
      const ytdlp = judgeYtdlp(engines, config, Date.now())
      if (ytdlp) found.push(ytdlp)
      for (const engine of engines) {
        if (!engine.available) found.push({ name: engine.name, state: 'off', says: engine.says })
      }
    } catch (error) {
      failed('house', error)
    }
  } catch (error) {
    failed('configuration', error)
  }
  const width = Math.max(...found.map(({ name }) => name.length))
  for (const service of found) {
    const line = `${service.state.padEnd(8)}  ${service.name.padEnd(width)}  ${service.says}`
    terminal.stdout.write(json ? `${JSON.stringify(service)}\n` : `${line.trimEnd()}\n`)
  }
  return exit
}
