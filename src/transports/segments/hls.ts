import { Fault } from '@jackdaw/contract/faults.ts'
import type { Asking } from '#kernel/http/read.ts'
import { Lines } from '#kernel/http/lines.ts'
import { Visitor } from '#kernel/http/visitor.ts'
import { fetchHls } from '#kernel/manifest/fetch.ts'
import type { MediaPlaylist } from '#kernel/manifest/hls.ts'
import type { Transport } from '#pipeline/engine.ts'
import { FarSide } from './far-side.ts'
import { Checkpoint, fetchTracks } from './fetch.ts'
import { followLive, mostLiveSeconds } from './live.ts'
import { Options, parseRequest, type Request } from './request.ts'
import { fetchSubtitles } from './subtitles.ts'
import type { Track } from './track.ts'

export interface HlsTuning {
  /** Silence of the far side after which a request is given up. */
  readonly stallMs: number
  /** Something live that brings nothing new for so long has ended. */
  readonly goneMs: number
  /** Between two looks at a live playlist. */
  readonly longestPauseMs: number
}

/** What undici's sockets and the site's pace allow. */
const mostConnections = 16

/** HTTP Live Streaming (RFC 8216): segments in parallel into one file, live or not, AES-128 undone with the site's key or the person's. */
export function createHlsTransport(tuned: Partial<HlsTuning> = {}): Transport<Options, Checkpoint> {
  const tuning = { stallMs: 60_000, goneMs: 60_000, longestPauseMs: 30_000, ...tuned }
  return {
    name: 'hls',
    title: 'HTTP Live Streaming',
    tools: ['ffmpeg', 'ffprobe'],
    options: Options,
    checkpoint: Checkpoint,

    async fetch(part, options, run) {
      const request = parseRequest(part.request)
      run.signal.throwIfAborted()
      const visitor = new Visitor(new URL(request.home ?? request.url), options, request.headers)
      const asking: Asking = { http: run.http, visitor, signal: run.signal, stallMs: tuning.stallMs }
      await using lines = new Lines(asking, (to) => run.connect(to))
      const far = new FarSide(lines, ownKeyOf(options))
      const wanted = [
        { url: request.url, kind: request.kind ?? 'muxed', language: request.language ?? part.language },
        ...(request.also ?? []),
      ]
      const load = (url: string) => playlistAt(asking, url, request)
      const playlists = await Promise.all(wanted.map(({ url }) => load(url)))
      if (request.kind === 'subtitle') return [await fetchSubtitles(far, playlists[0]?.segments ?? [], part.name, run)]

      // A live one that ended while we were away is still what it was.
      const isLive = run.checkpoint?.isLive ?? playlists.some(({ isEnded }) => !isEnded)
      const tracks = wanted.map(({ kind, language }, index): Track => ({
        kind,
        ...(language !== undefined && { language }),
        segments: isLive ? [] : (playlists[index]?.segments ?? []),
      }))
      const recordSeconds = options.recordSeconds ?? mostLiveSeconds
      const asset = await fetchTracks({
        run,
        far,
        tracks,
        name: part.name,
        connections: Math.min(mostConnections, options.connections ?? mostConnections),
        maxBytes: options.maxBytes,
        targetSeconds: Math.max(...playlists.map(({ targetSeconds }) => targetSeconds)),
        ...(isLive && {
          live: {
            seconds: options.recordSeconds ?? Infinity,
            follow: (add, here, signal) =>
              followLive({
                load: async (index) => await load(wanted[index]?.url ?? ''),
                first: playlists,
                add,
                here,
                seconds: recordSeconds,
                goneMs: tuning.goneMs,
                longestPauseMs: tuning.longestPauseMs,
                signal,
                log: (fields, message) => run.log(fields, message),
              }),
          },
        }),
      })
      return [asset]
    },
  }
}

async function playlistAt(asking: Asking, url: string, request: Request): Promise<MediaPlaylist> {
  const { playlist } = await fetchHls(asking, url, request.definitions)
  // A list of lists that leads to lists has no end that we would find.
  if (playlist.kind === 'master')
    throw new Fault('source.malformed', { reason: 'a variant is itself a list of variants' })
  return playlist
}

/** A key without an id is for all of an AES-128 stream. */
function ownKeyOf({ keys }: Options): Buffer | undefined {
  const own = keys?.find(({ kid }) => kid === undefined)
  return own && Buffer.from(own.key, 'hex')
}
