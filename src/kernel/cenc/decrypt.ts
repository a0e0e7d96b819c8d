import { createDecipheriv } from 'node:crypto'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { MediaKey } from '@jackdaw/contract/nouns/options.ts'
import { boxesOf } from './boxes.ts'
import { openFragment, type Sample } from './fragment.ts'
import { openMovie, type Movie } from './protection.ts'

/**
 * Undoes common encryption (ISO/IEC 23001-7: cenc, cens, cbc1, cbcs) of fragmented MP4 with keys that the person has.
 * A key without an id is for everything that no other key is for. Faults: `source.protected` when a key is missing,
 * `source.malformed`.
 */
export class Decryptor {
  readonly #keys: readonly MediaKey[]
  readonly #movies = new WeakMap<Uint8Array, Movie>()

  constructor(keys: readonly MediaKey[]) {
    this.#keys = keys
  }

  /** The header (`ftyp`, `moov`) as it is without encryption: a copy of the same length. */
  init(init: Uint8Array): Uint8Array {
    return this.#open(init).clear
  }

  /** Fragments (`moof`, `mdat`) as they are without encryption: a copy of the same length. `init` is as it was fetched. */
  piece(piece: Uint8Array, init: Uint8Array | undefined): Uint8Array {
    const clear = Buffer.from(piece)
    // A file that was fetched in one piece begins with its own header.
    const own = boxesOf(clear).some(({ type }) => type === 'moov')
    const movie = own ? openMovie(clear) : init && this.#movieOf(init)
    if (movie === undefined || movie.tracks.size === 0) return clear
    for (const box of boxesOf(clear)) {
      if (box.type !== 'moof') continue
      for (const sample of openFragment(clear, box, movie)) this.#decrypt(clear, sample)
    }
    return clear
  }

  /** Ids of the keys that a header asks for; none when nothing is encrypted. */
  kids(init: Uint8Array): readonly string[] {
    return [...new Set([...this.#movieOf(init).tracks.values()].map(({ kid }) => kid))]
  }

  #movieOf(init: Uint8Array): Movie {
    const known = this.#movies.get(init) ?? this.#open(init).movie
    this.#movies.set(init, known)
    return known
  }

  #open(init: Uint8Array): { clear: Buffer; movie: Movie } {
    const clear = Buffer.from(init)
    return { movie: openMovie(clear), clear }
  }

  #decrypt(bytes: Buffer, { start, end, iv, subsamples, track }: Sample): void {
    const key = keyFor(track.kid, this.#keys)
    const stretches = stretchesOf(start, end, subsamples)
    const isBlocks = track.scheme === 'cbc1' || track.scheme === 'cbcs'
    const algorithm = isBlocks ? 'aes-128-cbc' : 'aes-128-ctr'
    const [crypt, skip] = track.scheme === 'cbcs' || track.scheme === 'cens' ? [track.crypt, track.skip] : [0, 0]
    const decipher = () => createDecipheriv(algorithm, key, iv).setAutoPadding(false)
    // With cbcs each stretch begins anew; otherwise one follows from the other.
    let current = decipher()
    for (const [index, stretch] of stretches.entries()) {
      if (track.scheme === 'cbcs' && index > 0) current = decipher()
      const parts = crypt === 0 ? [stretch] : patterned(stretch, crypt * 16, skip * 16)
      // Blocks are 16 bytes: what is left at the end stays in the clear. In counter mode there are no blocks to fill.
      const whole = parts.map(([from, to]) => [from, isBlocks || skip > 0 ? to - ((to - from) % 16) : to] as const)
      const gathered = Buffer.concat(whole.map(([from, to]) => bytes.subarray(from, to)))
      const clear = current.update(gathered)
      let at = 0
      for (const [from, to] of whole) {
        clear.copy(bytes, from, at, at + to - from)
        at += to - from
      }
    }
  }
}

type Stretch = readonly [from: number, to: number]

function stretchesOf(start: number, end: number, subsamples: Sample['subsamples']): readonly Stretch[] {
  if (subsamples.length === 0) return [[start, end]]
  let at = start
  return subsamples.map(({ clear, encrypted }) => {
    const from = at + clear
    at = from + encrypted
    return [from, at] as const
  })
}

function patterned([from, to]: Stretch, crypt: number, skip: number): readonly Stretch[] {
  const parts: Stretch[] = []
  for (let at = from; at < to; at += crypt + skip) parts.push([at, Math.min(at + crypt, to)])
  return parts
}

/** The key with this id, else the one without. Throws `source.protected`. */
export function keyFor(kid: string, keys: readonly MediaKey[]): Buffer {
  const found = keys.find((key) => key.kid?.toLowerCase() === kid) ?? keys.find((key) => key.kid === undefined)
  if (found === undefined) throw new Fault('source.protected', { reason: `no key was given for ${kid}` })
  return Buffer.from(found.key, 'hex')
}
