import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { Lines } from '#kernel/http/lines.ts'
import type { Asking } from '#kernel/http/read.ts'
import { Visitor } from '#kernel/http/visitor.ts'
import type { Representation } from '#kernel/manifest/dash-representation.ts'
import type { DashManifest } from '#kernel/manifest/dash.ts'
import { fetchMpd } from '#kernel/manifest/fetch-dash.ts'
import type { Transport } from '#pipeline/engine.ts'
import { segmentsOf } from './dash-segments.ts'
import { FarSide } from './far-side.ts'
import { Checkpoint, fetchTracks } from './fetch.ts'
import { unlock } from './protected.ts'
import { fetchSubtitles } from './subtitles.ts'
import type { Track } from './track.ts'

/** What the DASH transport needs to know of a part: the manifest, and ids of representations in it. */
const Request = z.object({
  url: z.url({ protocol: /^https?$/ }),
  video: z.string().optional(),
  audio: z.string().optional(),
  subtitle: z.string().optional(),
})

const Options = JobOptions.extend(JobSecrets.shape)
type Options = z.infer<typeof Options>

/** What undici's sockets and the site's pace allow. */
const mostConnections = 16

/** MPEG-DASH that is complete: picture and sound in parallel into one file, decrypted with keys that the person has. */
export function createDashTransport(tuned: { readonly stallMs?: number } = {}): Transport<Options, Checkpoint> {
  const { stallMs = 60_000 } = tuned
  return {
    name: 'dash',
    title: 'MPEG-DASH',
    tools: ['ffmpeg', 'ffprobe'],
    options: Options,
    checkpoint: Checkpoint,

    async fetch(part, options, run) {
      const request = parse(part.request)
      run.signal.throwIfAborted()
      const visitor = new Visitor(new URL(request.url), options)
      const asking: Asking = { http: run.http, visitor, signal: run.signal, stallMs }
      const manifest = (await fetchMpd(asking, request.url)).manifest()
      await using lines = new Lines(asking, (to) => run.connect(to))
      const far = new FarSide(lines, undefined)
      if (request.subtitle !== undefined) {
        const text = find(manifest, 'subtitle', request.subtitle)
        const segments = text.spans.flatMap((span) => span.pieces().map(({ url, seconds }) => ({ url, seconds })))
        return [await fetchSubtitles(far, segments, part.name, run)]
      }
      const wanted = [
        ...(request.video === undefined ? [] : [find(manifest, 'video', request.video)]),
        ...(request.audio === undefined ? [] : [find(manifest, 'audio', request.audio)]),
      ]
      const tracks = await Promise.all(wanted.map((one) => trackOf(one, wanted.length === 1, asking)))
      const asset = await fetchTracks({
        run,
        far,
        tracks: await unlock(tracks, { far, keys: options.keys ?? [], run }),
        name: part.name,
        connections: Math.min(mostConnections, options.connections ?? mostConnections),
        maxBytes: options.maxBytes,
        targetSeconds: longest(tracks),
      })
      return [asset]
    },
  }
}

async function trackOf(one: Representation, isAlone: boolean, asking: Asking): Promise<Track> {
  // A picture may have its sound with it.
  const kind = one.kind === 'video' && isAlone ? 'muxed' : one.kind
  return {
    kind,
    ...(one.language !== undefined && { language: one.language }),
    container: one.type.endsWith('/webm') ? 'webm' : 'mp4',
    segments: await segmentsOf(one, asking),
  }
}

function find({ representations }: DashManifest, kind: Representation['kind'], id: string): Representation {
  const found = representations.find((one) => one.kind === kind && one.id === id)
  if (found === undefined) throw new Fault('source.gone', { reason: 'the manifest no longer has this quality' })
  return found
}

/** By a loop: a spread of 200,000 arguments does not fit on the stack. */
function longest(tracks: readonly Track[]): number {
  return tracks.flatMap(({ segments }) => segments).reduce((most, { seconds }) => Math.max(most, seconds), 0)
}

/** Throws `house.bug`: a source made the part. */
function parse(request: unknown): z.infer<typeof Request> {
  const parsed = Request.safeParse(request)
  if (!parsed.success) throw new Fault('house.bug', { incident: 'part' }, { cause: parsed.error })
  return parsed.data
}
