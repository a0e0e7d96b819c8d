import type { Readable } from 'node:stream'
import type { ContractRouterClient } from '@orpc/contract'
import type { Contract } from '@jackdaw/contract/contract.ts'

/** Every operation of the house, in process or remote: the commands do not know which. */
export type Client = ContractRouterClient<Contract>

/** A house that answers. Closing one that lives in this process parks its jobs; their bytes are kept. */
export interface Session extends AsyncDisposable {
  readonly client: Client
  /** `here`: the house lives in this process and its jobs stop with it. `server`: they go on without us. */
  readonly where: 'here' | 'server'
  readonly url?: string
}

/** Options that every command takes; `main` turns them into configuration. */
export interface CommonOptions {
  readonly data?: string
  readonly logLevel?: string
}

export interface ServeOptions extends CommonOptions {
  readonly as?: string
  readonly port?: string
  readonly host?: string
}

/** The outside of the command line: what a test replaces. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Screen
  readonly stderr: Screen
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  now(): number
  /** Calls back at SIGINT, SIGTERM and SIGHUP; the answer takes the listener away again. */
  onStop(listener: (signal: string) => void): () => void
}

export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  write(text: string): unknown
}

/** What the command line needs of the house; `main` hands it in. */
export interface Host {
  readonly version: string
  readonly terminal: Terminal
  /** `work`: run jobs while open, if no server does. */
  open(options: CommonOptions, how: { work: boolean; signal: AbortSignal }): Promise<Session>
  serve(options: ServeOptions): Promise<number>
  doctor(options: CommonOptions & { json?: boolean }): Promise<number>
  /** Fetches the newest version of a program that the house keeps itself. */
  update(tool: 'yt-dlp', options: CommonOptions & { json?: boolean }): Promise<number>
  configShow(options: CommonOptions & { json?: boolean }): Promise<number>
  configCheck(options: CommonOptions): Promise<number>
  /** Keeps a bug (stack and cause) for us and says under which incident and where. */
  report(bug: unknown): Promise<{ incident: string; place: string }>
}
