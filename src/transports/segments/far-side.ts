import { createDecipheriv } from 'node:crypto'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { TakeChunk } from '#kernel/http/line.ts'
import type { Lines } from '#kernel/http/lines.ts'
import type { Init, Segment, SegmentKey } from './track.ts'

/** An initialisation is a few kilobytes; with pictures and protection data some hundred. */
const mostInitBytes = 16 * 1024 * 1024
const keyBytes = 16
/** A sign-in page in place of a key may have so much. */
const mostKeyBytes = 1024 * 1024

/** OpenSSL's output is memory of its own; from 512 KiB on the system has to map it anew each time, which costs twice the time. */
const sliceBytes = 128 * 1024

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
      const length = opened.update(bytes)
      if (length > 0) return take({ bytes: bytes.subarray(0, length), free })
      free()
    })
    const last = opened.end()
    if (last.length > 0) await take({ bytes: last, free: () => undefined })
  }

  async init(init: Init): Promise<Buffer> {
    const name = JSON.stringify(init)
    return await once(this.#inits, name, async () => {
      const bytes = await this.#all(init.url, init.range, mostInitBytes)
      if (init.key === undefined) return bytes
      const opened = unlock(await this.#key(init.key), init.key.iv)
      const length = opened.update(bytes)
      return Buffer.concat([bytes.subarray(0, length), opened.end()])
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

/**
 * AES-128-CBC in place: `update` overwrites its bytes with as many clear ones as it returns. What OpenSSL gives out is copied
 * and given back at once; left to the collector, it cost a mark of the whole heap every few segments, which is more than
 * the decryption. The padding (RFC 5652, 6.3) is taken off where there is one: some sites leave it out.
 */
function unlock(key: Buffer, iv: string): { update(bytes: Uint8Array): number; end(): Buffer } {
  const decipher = createDecipheriv('aes-128-cbc', key, Buffer.from(iv, 'hex')).setAutoPadding(false)
  /** At least the last block, which may be padding, waits. */
  let last = Buffer.alloc(0)
  const slice = (bytes: Uint8Array, to: Uint8Array): number => {
    const clear = decipher.update(bytes)
    const length = Math.max(0, Math.min(last.length + clear.length - 16, to.length))
    const fromLast = Math.min(last.length, length)
    to.set(last.subarray(0, fromLast))
    to.set(clear.subarray(0, length - fromLast), fromLast)
    last = Buffer.concat([last.subarray(fromLast), clear.subarray(length - fromLast)])
    // Detached, its memory is free now. One that shares its memory with others is not ours to free.
    if (clear.buffer.byteLength === clear.length) clear.buffer.transfer(0)
    return length
  }
  return {
    update(bytes) {
      let length = 0
      for (let at = 0; at < bytes.length; at += sliceBytes) {
        const end = Math.min(bytes.length, at + sliceBytes)
        // Never more comes out than went in, so what is written lies before what is still to be read.
        length += slice(bytes.subarray(at, end), bytes.subarray(length, end))
      }
      return length
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
