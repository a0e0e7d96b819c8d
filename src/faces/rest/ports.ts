import type { Router } from '@orpc/server'
import type { BaseLogger } from 'pino'
import type { Contract } from '@jackdaw/contract/contract.ts'
import type { Service } from '@jackdaw/contract/operations/house.ts'

/** What this face tells the door about a request. */
export interface RestContext {
  readonly credential?: string
  readonly address?: string
  readonly requestId: string
  readonly idempotencyKey?: string
  readonly signal?: AbortSignal
}

/** A file that somebody may have. `take` asks for what is about to be sent and counts it; throws `access.expired`. */
export interface GrantedFile {
  readonly path: string
  readonly name: string
  readonly type: string
  readonly sha256: string
  readonly at: Date
  take(act: 'begin' | 'continue' | 'look'): Promise<void>
}

/** All that this face needs of the house; `main` hands it in. */
export interface RestPorts {
  readonly router: Router<Contract, RestContext>
  readonly files: {
    byLink(grant: {
      readonly link: string
      readonly signature: string
      readonly password?: string
    }): Promise<GrantedFile>
    thumbnail(grant: { readonly sha256: string; readonly signature: string }): Promise<GrantedFile>
  }
  readonly health: {
    services(): Promise<readonly Service[]>
    isReady(services: readonly Service[]): boolean
    overall(services: readonly Service[]): string
    /** Whether the start is over: migrations have run and the roles are up. */
    isStarted(): boolean
  }
  readonly metrics: {
    readonly contentType: string
    text(): Promise<string>
    request(answered: {
      readonly method: string
      readonly route: string
      readonly status: number
      readonly seconds: number
    }): void
    watching(change: 1 | -1): void
  }
  readonly log: Pick<BaseLogger, 'info' | 'warn' | 'error'>
  readonly version: string
}

export interface RestOptions {
  readonly host?: string
  /** 0 takes any free port. */
  readonly port?: number
  /** Where people reach this house from outside; its name is accepted in `Host`. */
  readonly publicUrl?: string
  /** Further names that are accepted in `Host`. */
  readonly hosts?: readonly string[]
  /** Web pages of these origins may call the API. None by default. */
  readonly origins?: readonly string[]
  /** How long a closing server waits for requests under way, in ms. */
  readonly drainMs?: number
  /** Between two comments that keep an idle event stream open through proxies, in ms. */
  readonly keepAliveMs?: number
  /** A reader that takes nothing for this long is let go, in ms. */
  readonly stalledMs?: number
}
