import type { Socket } from 'node:net'
import type { Readable } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import type { z } from 'zod'
import type { Asset, MediaFacts, Receipt } from '@jackdaw/contract/nouns/asset.ts'
import type { Progress } from '@jackdaw/contract/nouns/job.ts'
import type { Link } from '@jackdaw/contract/nouns/link.ts'
import type { Media, Part, Role } from '@jackdaw/contract/nouns/media.ts'
import type { Child } from '#kernel/child/child.ts'

export type { Child } from '#kernel/child/child.ts'

/** A finished file as engines see it: the asset and where its bytes are on this machine. Read it, never change it. */
export interface LocalAsset extends Asset {
  readonly path: string
}

export interface SpawnHow {
  readonly stdin?: Readable
  /** Further inputs: the first is descriptor 3, which ffmpeg calls `pipe:3`, and so on. */
  readonly inputs?: readonly Readable[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface ConnectTo {
  readonly host: string
  readonly port: number
  readonly tls?: Pick<ConnectionOptions, 'servername' | 'ALPNProtocols'>
  /** Node's reusable read buffer: bytes go straight into it and no Buffer is made per chunk. */
  readonly onread?: { buffer: () => Uint8Array; callback: (bytes: number, buffer: Uint8Array) => boolean }
}

/** All that an engine sees of the house. */
export interface Run<C> {
  readonly signal: AbortSignal
  /** Refuses private addresses on every hop; proxies, per-site pace and breaker are inside. */
  readonly http: typeof fetch
  /** The same guard, pace and breaker for raw sockets. The socket is connected (and its TLS handshake done). */
  connect(to: ConnectTo): Promise<Socket>
  /** No shell; clean environment whose proxy is our guard; `tool` is a name of the tool catalogue. */
  spawn(tool: string, args: readonly string[], how?: SpawnHow): Promise<Child>
  /** Scratch folder; survives a retry on this machine and nothing else. */
  readonly dir: string
  /** Folder for credential files, mode 0700, gone with the step. */
  readonly secrets: string
  readonly checkpoint: C | undefined
  /** Fenced: throws `lease.lost` when the step is no longer ours. */
  save(checkpoint: C): Promise<void>
  /** Cheap: may be called for every chunk. Speed and ETA are derived. */
  report(progress: Progress): void
  /** Charges bytes to the bandwidth limits of job and house; returns how many milliseconds to pause before reading on. */
  charge(bytes: number): number
  /** Makes a scratch asset of a file in `dir`. `sha256` saves the second read when it was computed on the way. */
  keep(path: string, as: { name: string; type?: string; sha256?: string; role?: Role }): Promise<LocalAsset>
  /**
   * What a processor has learnt of an asset: media facts, which are added to what is known already, and a picture that
   * stands for it. The thumbnail is an asset made by `keep`; it goes where its asset goes and is never delivered itself.
   */
  note(asset: LocalAsset, facts: MediaFacts, also?: { readonly thumbnail?: LocalAsset }): void
  log(fields: Readonly<Record<string, unknown>>, message: string): void
}

export interface Engine<O = unknown, C = unknown> {
  readonly name: string
  /** One line for people. */
  readonly title: string
  /** External programs without which the engine is absent. */
  readonly tools: readonly string[]
  readonly options: z.ZodType<O>
  /** A checkpoint that no longer parses means: start over. */
  readonly checkpoint: z.ZodType<C>
}

export interface Source<O = unknown, C = unknown> extends Engine<O, C> {
  /** Media types (without parameters) that it takes when another source found them behind the link and declined. */
  readonly types?: readonly string[]
  /** 0 (not mine) to 1 (surely mine). Pure and quick: looks at the text only. */
  claims(link: Link): number
  /**
   * Moves no bytes. Throws `source.declined` when it turns out not to be its link: with the fact `type` (a media type)
   * those sources are asked next whose `types` have it, and no others.
   */
  resolve(link: Link, options: O, run: Run<C>): Promise<Media>
}

export interface Transport<O = unknown, C = unknown> extends Engine<O, C> {
  fetch(part: Part, options: O, run: Run<C>): Promise<readonly LocalAsset[]>
}

export interface Processor<O = unknown, C = unknown> extends Engine<O, C> {
  accepts(asset: Asset): boolean
  process(assets: readonly LocalAsset[], options: O, run: Run<C>): Promise<readonly LocalAsset[]>
}

export interface Destination<O = unknown, C = unknown> extends Engine<O, C> {
  /** Safe to repeat: asks for what is there before writing. `to` is the text after `name:`, as in `folder:/srv/media`. */
  deliver(assets: readonly LocalAsset[], to: string, options: O, run: Run<C>): Promise<readonly Receipt[]>
}

/** Every engine of the house, by kind. `main/` fills it. */
export interface Engines {
  readonly sources: readonly Source[]
  readonly transports: readonly Transport[]
  readonly processors: readonly Processor[]
  readonly destinations: readonly Destination[]
}
