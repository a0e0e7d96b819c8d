import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Link } from '@jackdaw/contract/nouns/link.ts'
import type { Media } from '@jackdaw/contract/nouns/media.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { Visitor } from '#kernel/http/visitor.ts'
import { fetchMpd } from '#kernel/manifest/fetch-dash.ts'
import { withoutMediaExtension } from '#kernel/media-name.ts'
import { cleanTitle } from '#kernel/title.ts'
import type { Source } from '#pipeline/engine.ts'
import { choicesOf, subtitlesOf, withKeys } from './choices.ts'

const Options = JobOptions.extend(JobSecrets.shape)

/** Browsers and curl wait about as long for the next byte. */
const stallMs = 30_000

/** A DASH manifest that is complete: its qualities as choices, best first. The transport reads the manifest again. */
export const dash: Source<z.infer<typeof Options>> = {
  name: 'dash',
  title: 'MPEG-DASH streams',
  tools: [],
  types: ['application/dash+xml', 'video/vnd.mpeg.dash.mpd'],
  options: Options,
  checkpoint: z.unknown(),

  claims(link: Link): number {
    const url = webAddress(link)
    return url !== undefined && /\.mpd$|\(format=mpd[^)]*\)$/i.test(url.pathname) ? 0.9 : 0
  },

  async resolve(link, options, run): Promise<Media> {
    const url = webAddress(link)
    if (url === undefined) throw new Fault('source.declined')
    const visitor = new Visitor(url, options)
    const asking = { http: run.http, visitor, signal: run.signal, stallMs }
    const fetched = await fetchMpd(asking, url.href)
    if (!fetched.isMpd) throw new Fault('source.declined', { ...(fetched.type && { type: fetched.type }) })
    const manifest = fetched.manifest()
    const title = cleanTitle(
      (options.name && withoutMediaExtension(options.name)) ?? manifest.title ?? nameOf(fetched.url),
    )
    const usable = withKeys(manifest.representations, options.keys ?? [])
    const about = { title, url: withoutCredentials(url), site: fetched.url.hostname, seconds: manifest.seconds }
    const subtitles = subtitlesOf(usable, about)
    return {
      title,
      source: 'dash',
      ...(manifest.seconds !== undefined && { about: { durationSeconds: manifest.seconds } }),
      parts: [],
      choices: choicesOf(usable, about, options.language ?? []),
      ...(subtitles.length > 0 && { subtitles }),
    }
  },
}

function webAddress(link: Link): URL | undefined {
  const url = link.kind === 'url' ? URL.parse(link.text) : null
  return url !== null && ['http:', 'https:'].includes(url.protocol) && url.hostname !== '' ? url : undefined
}

/** A part is shown to people; what opens doors is among the job's secrets. */
function withoutCredentials(url: URL): string {
  const clean = new URL(url)
  clean.username = ''
  clean.password = ''
  return clean.href
}

/** The folder's name where the file's says nothing. */
function nameOf(url: URL): string {
  const names = url.pathname
    .split('/')
    .map((part) =>
      decode(part)
        .replace(/\.(mpd|isml?)$/i, '')
        .replace(/\(format=.*$/, ''),
    )
    .filter((part) => part !== '')
  const telling = names
    .toReversed()
    .find((name) => !/^(manifest|index|stream|master|main|dash|mpd|video|playlist)$/i.test(name))
  return telling ?? names.at(-1) ?? url.hostname
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part // not percent-encoded after all: it is meant literally
  }
}
