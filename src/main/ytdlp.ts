import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { EngineView, Service } from '@jackdaw/contract/operations/house.ts'
import type { Screen } from '#faces/cli/host.ts'
import type { Config } from './config.ts'

/** Sites change every few weeks, and an old yt-dlp no longer understands them. */
const oldDays = 90
const dayMs = 86_400_000

/** Where `jackdaw update yt-dlp` puts it. */
export function toolsFolder({ data }: Pick<Config, 'data'>): string {
  return join(data, 'tools')
}

/** The one that the operator names, else the one that was fetched, else whatever the system has. */
export function configuredYtdlp(config: Pick<Config, 'data' | 'ytdlp'>): string | undefined {
  if (config.ytdlp !== undefined) return config.ytdlp
  const fetched = join(toolsFolder(config), 'yt-dlp')
  return existsSync(fetched) ? fetched : undefined
}

/** Which yt-dlp is used, and whether it is too old to be of use; undefined when there is none. `now` in ms. Pure but for a look. */
export function judgeYtdlp(
  engines: readonly EngineView[],
  config: Pick<Config, 'data' | 'ytdlp'>,
  now: number,
): Service | undefined {
  const tool = engines
    .flatMap(({ tools }) => tools)
    .find(({ name, version }) => name === 'yt-dlp' && version !== undefined)
  if (tool?.version === undefined) return undefined
  const from =
    config.ytdlp !== undefined
      ? 'the one that JACKDAW_YTDLP names'
      : tool.path?.startsWith(toolsFolder(config))
        ? 'fetched by "jackdaw update yt-dlp"'
        : 'the one of the system'
  const what = `${tool.version} at ${tool.path}, ${from}`
  const days = ageDays(tool.version, now)
  if (days === undefined) return { name: 'yt-dlp', state: 'degraded', says: `${what}; its version is no date` }
  if (days <= oldDays) return { name: 'yt-dlp', state: 'ok', says: what }
  const cure = config.ytdlp === undefined ? '"jackdaw update yt-dlp" fetches the newest' : 'put a newer one there'
  return { name: 'yt-dlp', state: 'degraded', says: `${what}; ${days} days old, too old for many sites: ${cure}` }
}

function ageDays(version: string, now: number): number | undefined {
  const match = /^(\d{4})\.(\d{2})\.(\d{2})/.exec(version)
  const made = match ? Date.parse(`${match[1]}-${match[2]}-${match[3]}`) : Number.NaN
  return Number.isFinite(made) ? Math.max(0, Math.floor((now - made) / dayMs)) : undefined
}

/** `jackdaw update yt-dlp`: through the guard, as everything that leaves the house. */
export async function updateTool(
  config: Config,
  screen: Screen,
  how: { readonly json: boolean; readonly signal: AbortSignal },
): Promise<number> {
  const [{ updateYtdlp }, { createGuard }, { guardedFetch }] = await Promise.all([
    import('#adapters/ytdlp/releases.ts'),
    import('#kernel/net/guard.ts'),
    import('#kernel/net/fetch.ts'),
  ])
  await using http = guardedFetch(createGuard({ allow: config.netAllow }))
  const updated = await updateYtdlp({
    folder: toolsFolder(config),
    releases: config.ytdlpReleases,
    http,
    searchPath: process.env['PATH'] ?? '',
    signal: how.signal,
  }).catch((error: unknown) => {
    // Nothing tries a command again by itself.
    if (!isFault(error, 'source.unreachable')) throw error
    const { reason } = error.facts
    throw new Fault('house.not-updated', { tool: 'yt-dlp', address: config.ytdlpReleases, reason }, { cause: error })
  })
  const { version, before, path, isNew } = updated
  const was = before === undefined ? '' : `, instead of ${before}`
  const says = isNew ? `yt-dlp ${version} is at ${path}${was}.` : `yt-dlp ${version} at ${path} is the newest.`
  const unused = config.ytdlp === undefined ? '' : ` It is not used while JACKDAW_YTDLP names ${config.ytdlp}.`
  screen.write(how.json ? `${JSON.stringify(updated)}\n` : `${says}${unused}\n`)
  return 0
}
