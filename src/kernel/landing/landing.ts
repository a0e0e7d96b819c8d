import { open, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { Validators } from '@jackdaw/contract/nouns/media.ts'
import { z } from 'zod'
import { Digest } from './digest.ts'
import { front, sum, withInterval, type Intervals } from './intervals.ts'
import { bootId, Journal } from './journal.ts'

/** Which bytes of which version of a file are on this machine's disk. `synced`: they outlive a loss of power. */
export const Positions = z.object({
  version: Validators,
  have: z.array(z.tuple([z.number().int().nonnegative(), z.number().int().positive()])),
  boot: z.string(),
  synced: z.boolean(),
})
export type Positions = z.infer<typeof Positions>

export interface LandingRun {
  readonly dir: string
  readonly checkpoint: unknown
  save(positions: Positions): Promise<void>
}

/** After so many bytes the journal is written: a kill sends at most this, a buffer and the sockets' contents again. */
const journalBytes = 2 * 1024 * 1024
const journalMs = 500
/** How often the disk is asked to hold what it has and the positions go to the database. */
const saveMs = 5000

/**
 * A file under construction in a step's scratch folder: bytes arrive at any position, where they stand is journalled
 * beside them, and the digest follows. A journal counts only for the same start of the machine; what the database
 * holds was synced before, so it counts always.
 */
export class Landing {
  readonly path: string
  readonly #file: FileHandle
  readonly #journal: Journal
  readonly #run: LandingRun
  readonly #boot = bootId()
  readonly #wantDigest: boolean
  #digest: Digest
  #version: Validators | undefined
  #have: Intervals = []
  #unjournalled = 0
  #journalledAt = 0
  #savedAt = performance.now()
  #saving: Promise<void> | undefined
  #saveFault: unknown

  private constructor(run: LandingRun, path: string, file: FileHandle, digest: boolean) {
    this.#run = run
    this.path = path
    this.#file = file
    this.#journal = new Journal(join(run.dir, 'positions.json'))
    this.#wantDigest = digest
    this.#digest = new Digest(path)
  }

  /** Takes up what an earlier attempt left in `run.dir`, if it can be believed. */
  static async open(run: LandingRun, how: { digest?: boolean } = {}): Promise<Landing> {
    const path = join(run.dir, 'body')
    const file = await open(path, 'r+').catch(() => open(path, 'w+'))
    const landing = new Landing(run, path, file, how.digest ?? true)
    await landing.#recall()
    // The attempt before was killed, but it got on: said at once, so that being killed often does not look like a step
    // that kills its workers.
    const saved = Positions.safeParse(run.checkpoint).data?.have
    if (landing.bytes > 0 && !isDeepStrictEqual(saved, landing.have)) landing.#saveMeanwhile()
    return landing
  }

  /** The version that the bytes belong to; undefined before the first answer. */
  get version(): Validators | undefined {
    return this.#version
  }

  get have(): Intervals {
    return this.#have
  }

  /** Bytes on disk. */
  get bytes(): number {
    return sum(this.#have)
  }

  /** Learns which version is arriving, if that is not known yet. */
  adopt(version: Validators): void {
    this.#version ??= version
  }

  /** Starts over with another version: nothing of the old one stays. */
  async restart(version: Validators | undefined): Promise<void> {
    await this.#saving
    await this.#digest[Symbol.asyncDispose]()
    this.#digest = new Digest(this.path)
    this.#version = version
    this.#have = []
    await this.#file.truncate(0)
    this.#journal.write(this.#positions(false))
  }

  /** Writes at a position. The caller must not touch `bytes` before it resolves. Throws ENOSPC as it comes. */
  async write(bytes: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, at + done)
      done += bytesWritten
    }
    this.wrote(bytes, at)
  }

  /** The descriptor, for callers that write themselves and tell by `wrote`. */
  get fd(): number {
    return this.#file.fd
  }

  /** Marks bytes as written. Throws what an earlier `save` threw: `lease.lost`, say. */
  wrote(bytes: Uint8Array, at: number): void {
    if (this.#saveFault !== undefined) throw this.#saveFault
    this.#have = withInterval(this.#have, at, at + bytes.length)
    this.#unjournalled += bytes.length
    if (this.#wantDigest) this.#digest.wrote(bytes, at, front(this.#have))
    const now = performance.now()
    if (this.#unjournalled >= journalBytes || now - this.#journalledAt >= journalMs) {
      this.#journal.write(this.#positions(false))
      this.#unjournalled = 0
      this.#journalledAt = now
    }
    if (now - this.#savedAt >= saveMs) this.#saveMeanwhile()
  }

  /** Reads back at most `length` bytes. */
  async read(at: number, length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.#file.read(Buffer.alloc(length), 0, length, at)
    return buffer.subarray(0, bytesRead)
  }

  /** Everything is there: cuts the file to its length and returns its SHA-256 (undefined when none was wanted). */
  async finish(total: number): Promise<string | undefined> {
    await this.#saving
    if (front(this.#have) !== total) throw new Error(`only ${front(this.#have)} of ${total} bytes have landed`)
    await this.#file.truncate(total)
    const sha256 = this.#wantDigest ? await this.#digest.finish(total) : undefined
    this.#journal.write(this.#positions(false))
    return sha256
  }

  /** Keeps the positions for the next attempt: in the journal at once, in the database if that is quick. */
  async park(): Promise<void> {
    this.#journal.write(this.#positions(false))
    const { promise: soon, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(resolve, 500) // a stop must end within a second; the journal has it anyway
    const saved = (this.#saving ?? this.#save()).catch(() => undefined) // lost lease, stopped database: the journal has it
    await Promise.race([saved, soon])
    clearTimeout(timer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#digest[Symbol.asyncDispose]()
    this.#journal.close()
    await this.#file.close()
  }

  #saveMeanwhile(): void {
    this.#saving ??= this.#save()
      .catch((error: unknown) => void (this.#saveFault = error))
      .finally(() => (this.#saving = undefined))
  }

  async #save(): Promise<void> {
    this.#savedAt = performance.now()
    const positions = this.#positions(true)
    await this.#file.datasync()
    await this.#run.save(positions)
  }

  async #recall(): Promise<void> {
    const { size } = await this.#file.stat()
    for (const found of [this.#journal.read(), this.#run.checkpoint]) {
      const { success, data } = Positions.safeParse(found)
      if (!success || !(data.synced || data.boot === this.#boot)) continue
      const have = data.have.reduce<Intervals>((list, [from, to]) => withInterval(list, from, to), [])
      if ((have.at(-1)?.[1] ?? 0) > size) continue
      this.#version = data.version
      this.#have = have
      return
    }
  }

  #positions(synced: boolean): Positions {
    const have = this.#have.map(([from, to]): [number, number] => [from, to])
    return { version: this.#version ?? {}, have, boot: this.#boot, synced }
  }
}
