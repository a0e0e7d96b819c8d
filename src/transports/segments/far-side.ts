import { createDecipheriv } from 'node:crypto'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Chunk, TakeChunk } from '#kernel/http/line.ts'
import type { Lines } from '#kernel/http/lines.ts'
import type { Init, Segment, SegmentKey } from './track.ts'

/** An initialisation is a few kilobytes; with pictures and protection data some hundred. */
const mostInitBytes = 16 * 1024 * 1024
const keyBytes = 16
/** A sign-in page in place of a key may have so much. */
const mostKeyBytes = 1024 * 1024

/** Initialisations are asked for again rather than all kept: streams with many of them use one after the other. */
const mostKept = 16

/** What segments are fetched from: undoes AES-128, and asks for each key and initialisation once. */
export class FarSide {
  readonly #lines: Lines
  readonly #ownKey: Buffer | undefined
  readonly #keys = new Map<string, Promise<Buffer>>()
  readonly #inits = new Map<string, Promise<Buffer>>()

  /** `ownKey` is used in place of the site's. */
  constructor(lines: Lines, ownKey: Buffer | undefined) {
    this.#lines = lines
    this.#ownKey = ownKey
  }

  /** The segment's bytes in the clear, as they come. */
  async read(segment: Segment, take: TakeChunk): Promise<void> {
    if (segment.key === undefined) {
      await this.#lines.read(segment.url, segment.range, take)
      return
    }
    const opened = unlock(await this.#key(segment.key), segment.key.iv)
    await this.#lines.read(segment.url, segment.range, ({ bytes, free }) => {
      const clear = opened.update(bytes)
      free()
      return takeAll(clear, take)
    })
    await takeAll([opened.end()], take)
  }

  async init(init: Init): Promise<Buffer> {
    const name = JSON.stringify(init)
    return await once(this.#inits, name, async () => {
      const bytes = await this.#all(init.url, init.range, mostInitBytes)
      if (init.key === undefined) return bytes
      const opened = unlock(await this.#key(init.key), init.key.iv)
      return Buffer.concat([...opened.update(bytes), opened.end()])
    })
  }

  async #key({ url }: SegmentKey): Promise<Buffer> {
    if (this.#ownKey) return this.#ownKey
    return await once(this.#keys, url, async () => {
      // A sign-in page instead of a key is the usual case of a wrong length.
      const bytes = await this.#all(url, undefined, mostKeyBytes)
      if (bytes.length !== keyBytes) {
        throw new Fault('source.malformed', { reason: `its key has ${bytes.length} bytes instead of ${keyBytes}` })
      }
      return bytes
    })
  }

  async #all(url: string, range: Segment['range'], most: number): Promise<Buffer> {
    const chunks: Buffer[] = []
    let length = 0
    await this.#lines.read(url, range, ({ bytes, free }) => {
      length += bytes.length
      if (length > most)
        throw new Fault('source.malformed', { reason: `a key or an initialisation is larger than ${most} bytes` })
      chunks.push(Buffer.from(bytes))
      free()
    })
    return Buffer.concat(chunks)
  }
}

function takeAll(clear: readonly Buffer[], take: TakeChunk): Promise<void> | undefined {
  const waits = clear.flatMap((bytes) => {
    const wait = bytes.length === 0 ? undefined : take(owned(bytes))
    return wait ? [wait] : []
  })
  return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
}

/** Memory of its own, which the collector takes back. */
function owned(bytes: Uint8Array): Chunk {
  return { bytes, free: () => undefined }
}

/** One request for all who ask while it runs and after; none is remembered that failed. */
async function once(kept: Map<string, Promise<Buffer>>, name: string, fetch: () => Promise<Buffer>): Promise<Buffer> {
  const known = kept.get(name)
  if (known) return await known
  if (kept.size >= mostKept) for (const oldest of [...kept.keys()].slice(0, 1)) kept.delete(oldest)
  const asked = fetch()
  kept.set(name, asked)
  try {
    return await asked
  } catch (thrown) {
    kept.delete(name)
    throw thrown
  }
}

/** AES-128-CBC; the padding (RFC 5652, 6.3) is taken off where there is one: some sites leave it out. */
function unlock(key: Buffer, iv: string): { update(chunk: Uint8Array): Buffer[]; end(): Buffer } {
  const decipher = createDecipheriv('aes-128-cbc', key, Buffer.from(iv, 'hex')).setAutoPadding(false)
  let last = Buffer.alloc(0)
  return {
    update(chunk) {
      const clear = decipher.update(chunk)
      if (clear.length === 0) return []
      // The last block waits: it may be padding.
      const before = last
      last = Buffer.from(clear.subarray(-16))
      return [before, clear.subarray(0, -16)]
    },
    end() {
      try {
        decipher.final()
      } catch (cause) {
        throw new Fault('source.truncated', { bytes: 'some', expected: 'all' }, { cause })
      }
      const padding = last.at(-1) ?? 0
      const isPadded = padding >= 1 && padding <= 16 && last.subarray(-padding).every((byte) => byte === padding)
      return isPadded ? last.subarray(0, -padding) : last
    },
  }
}
