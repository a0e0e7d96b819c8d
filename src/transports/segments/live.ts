import { setTimeout as sleep } from 'node:timers/promises'
import { isFault, type FaultCode } from '@jackdaw/contract/faults.ts'
import type { MediaPlaylist } from '#kernel/manifest/hls.ts'
import type { Here } from './fetch.ts'
import type { Segment } from './track.ts'

/** Without a wish, what is live is recorded this long. */
export const mostLiveSeconds = 6 * 3600

export interface LiveHow {
  /** The playlist of a track as it is now. */
  load(track: number): Promise<MediaPlaylist>
  /** As they were a moment ago. */
  readonly first: readonly MediaPlaylist[]
  add(track: number, segment: Segment): void
  /** What an earlier attempt has. */
  readonly here: readonly Here[]
  /** Record so much. */
  readonly seconds: number
  /** Nothing new for so long: it has ended, however it ended. */
  readonly goneMs: number
  /** Between two looks. */
  readonly longestPauseMs: number
  readonly signal: AbortSignal
  log(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** What will be no better in a moment. */
const hopeless: ReadonlySet<FaultCode> = new Set(['link.private', 'source.protected', 'source.certificate'])

/** Where players begin: three target durations before the end (RFC 8216, 6.3.3). */
const startBeforeEnd = 3

/**
 * Asks for the playlists of something live again and again and adds what is new, until they end or enough is here. What
 * went by unseen is a discontinuity. Throws only what will not get better: a far side that stays away has ended.
 */
export async function followLive(how: LiveHow): Promise<void> {
  const { signal, log } = how
  const tracks = how.here.map((here, index) => new LiveTrack(index, here, how))
  let playlists: (MediaPlaylist | undefined)[] = [...how.first]
  let heardAt = performance.now()
  // Whatever its segments say of their length: nobody waits longer for so many seconds than they last.
  const missing = Math.max(0, how.seconds - Math.min(...tracks.map(({ seconds }) => seconds)))
  const endsAt = heardAt + missing * 1000 + how.goneMs
  for (;;) {
    const asked = performance.now()
    const seen = tracks.map((track, index) => track.look(playlists[index]))
    // A gap in one is a gap in all: they are cut at the same place.
    if (seen.some(({ isGap }) => isGap)) for (const track of tracks) track.cut()
    const news = tracks.reduce((sum, track) => sum + track.take(), 0)
    if (news > 0) heardAt = asked
    if (tracks.every(({ isOver }) => isOver)) return
    if (asked > endsAt) {
      log({ seconds: tracks[0]?.seconds }, 'a live stream whose seconds do not pass: recorded long enough')
      return
    }
    const target = Math.max(...playlists.map((playlist) => playlist?.targetSeconds ?? 1))
    if (asked - heardAt > Math.max(how.goneMs, Math.min(3 * target * 1000, 10 * how.goneMs))) {
      log({ seconds: tracks[0]?.seconds }, 'nothing new from a live stream: taken for ended')
      return
    }
    // 6.3.4: after a change one target duration, else half of it.
    const pause = Math.min(how.longestPauseMs, Math.max(200, (news > 0 ? 1 : 0.5) * target * 1000))
    await sleep(Math.max(0, pause - (performance.now() - asked)), undefined, { signal })
    playlists = await Promise.all(
      tracks.map(async (_, index) => {
        try {
          return await how.load(index)
        } catch (thrown) {
          signal.throwIfAborted()
          if (!isFault(thrown)) throw thrown
          const { code } = thrown
          if (hopeless.has(code)) throw thrown
          log({ code }, 'a live playlist could not be had')
          return undefined
        }
      }),
    )
  }
}

class LiveTrack {
  seconds: number
  isOver = false
  readonly #index: number
  readonly #how: LiveHow
  #last: number | undefined
  #isCut = false
  #news: readonly Segment[] = []
  #isEnded = false

  constructor(index: number, here: Here, how: LiveHow) {
    this.#index = index
    this.#how = how
    this.seconds = here.seconds
    this.#last = here.last
    // What this attempt adds is a stretch of its own: of the last one only the number is known.
    this.#isCut = here.last !== undefined
  }

  /** What is new in the playlist, and whether something before it went by. */
  look(playlist: MediaPlaylist | undefined): { isGap: boolean } {
    this.#news = []
    if (playlist === undefined || this.isOver) return { isGap: false }
    this.#isEnded = playlist.isEnded
    const { segments } = playlist
    const newest = segments.at(-1)?.sequence ?? -1
    if (this.#last === undefined) {
      this.#news = startOf(playlist)
      return { isGap: false }
    }
    // Numbers that fall mean that the far side began anew.
    const isAnew = segments.length > 0 && newest < this.#last
    const last = isAnew ? -1 : this.#last
    this.#news = segments.filter(({ sequence }) => sequence !== undefined && sequence > last)
    const first = this.#news[0]?.sequence
    return { isGap: isAnew || (first !== undefined && first > last + 1) }
  }

  cut(): void {
    this.#isCut = true
  }

  /** Adds what is new; returns how many segments. */
  take(): number {
    let taken = 0
    for (const segment of this.#news) {
      if (this.seconds >= this.#how.seconds) break
      this.#how.add(this.#index, this.#isCut ? { ...segment, discontinuity: true } : segment)
      this.#isCut = false
      if (segment.gap !== true) this.seconds += segment.seconds
      this.#last = segment.sequence
      taken += 1
    }
    this.isOver ||= this.#isEnded || this.seconds >= this.#how.seconds
    return taken
  }
}

function startOf({ segments, targetSeconds, isEnded }: MediaPlaylist): readonly Segment[] {
  if (isEnded) return segments
  let seconds = 0
  const from = segments.findLastIndex((segment) => (seconds += segment.seconds) >= startBeforeEnd * targetSeconds)
  return segments.slice(Math.max(0, from))
}
