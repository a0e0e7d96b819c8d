import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { connect as connectTcp, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { MediaFacts } from '@jackdaw/contract/nouns/asset.ts'
import type { Progress } from '@jackdaw/contract/nouns/job.ts'
import { Agent, fetch as undiciFetch } from 'undici'
import type { Child, ConnectTo, LocalAsset, Run, SpawnHow } from '#pipeline/engine.ts'
import type { Tools } from './tools.ts'

export interface TestRunHow<C> {
  /** An earlier run's folder and checkpoint: this is its next attempt. */
  readonly dir?: string
  readonly checkpoint?: C
  /** PEM of a certificate to trust. */
  readonly ca?: string
  /** Milliseconds to pause after so many bytes; 0 by default. */
  readonly charge?: (bytes: number) => number
  readonly http?: typeof fetch
  readonly connect?: (to: ConnectTo) => Promise<Socket>
  /** External programs; none by default. */
  readonly tools?: Tools
}

/**
 * A small real `Run` on a temporary folder: real network without a guard, checkpoints in memory, `keep` that reads and
 * hashes the file itself. What the engine did can be seen on it. Disposing removes the folder.
 */
export class TestRun<C = unknown> implements Run<C> {
  readonly dir: string
  readonly secrets: string
  readonly checkpoint: C | undefined
  readonly saved: C[] = []
  readonly reports: Progress[] = []
  readonly logs: { fields: Readonly<Record<string, unknown>>; message: string }[] = []
  readonly connects: ConnectTo[] = []
  readonly #controller = new AbortController()
  readonly #how: TestRunHow<C>
  readonly #agent: Agent
  readonly http: typeof fetch

  private constructor(dir: string, how: TestRunHow<C>) {
    this.dir = dir
    this.secrets = join(dir, 'secrets')
    this.checkpoint = how.checkpoint
    this.#how = how
    this.#agent = new Agent(how.ca === undefined ? {} : { connect: { ca: how.ca } })
    // undici's own fetch is the one of the platform; only its types are declared twice.
    const viaAgent = (input: string, init: object) => undiciFetch(input, { ...init, dispatcher: this.#agent })
    this.http = how.http ?? (viaAgent as unknown as typeof fetch)
  }

  static async start<C>(how: TestRunHow<C> = {}): Promise<TestRun<C>> {
    const dir = how.dir ?? (await mkdtemp(join(tmpdir(), 'jackdaw-run-')))
    const run = new TestRun<C>(dir, how)
    await mkdir(run.secrets, { recursive: true, mode: 0o700 })
    return run
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  abort(reason: unknown = new Fault('house.stopping')): void {
    this.#controller.abort(reason)
  }

  async connect(to: ConnectTo): Promise<Socket> {
    this.connects.push(to)
    if (this.#how.connect) return await this.#how.connect(to)
    this.signal.throwIfAborted()
    const { host, port, onread, tls } = to
    const reading = onread ? { onread } : {}
    const trust = this.#how.ca === undefined ? {} : { ca: this.#how.ca }
    // `onread` is an option of the socket below TLS as well; its types leave it out there.
    const socket = tls
      ? connectTls({ host, port, ...tls, ...reading, ...trust })
      : connectTcp({ host, port, ...reading })
    await once(socket, tls ? 'secureConnect' : 'connect', { signal: this.signal })
    return socket
  }

  async spawn(tool: string, args: readonly string[], how?: SpawnHow): Promise<Child> {
    if (!this.#how.tools) throw new Error('this run has no tools')
    return await this.#how.tools.spawn(this, tool, args, how)
  }

  async save(checkpoint: C): Promise<void> {
    this.saved.push(structuredClone(checkpoint))
  }

  report(progress: Progress): void {
    this.reports.push(progress)
  }

  charge(bytes: number): number {
    return this.#how.charge?.(bytes) ?? 0
  }

  async keep(path: string, as: { name: string; type?: string; sha256?: string }): Promise<LocalAsset> {
    const { size } = await stat(path)
    const hash = createHash('sha256')
    await pipeline(createReadStream(path), hash)
    const sha256 = hash.digest('hex')
    if (as.sha256 !== undefined && as.sha256 !== sha256) throw new Error(`digest ${as.sha256} is not that of the file`)
    const createdAt = new Date().toISOString()
    return { id: 'test', name: as.name, type: as.type ?? '', bytes: size, sha256, state: 'scratch', createdAt, path }
  }

  note(_asset: LocalAsset, _facts: MediaFacts): void {
    // no engine under test asks for facts back
  }

  log(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.logs.push({ fields, message })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy()
    await rm(this.dir, { recursive: true, force: true })
  }
}
