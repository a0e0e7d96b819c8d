import type { Landing, Positions } from '#kernel/landing/landing.ts'
import type { Visitor } from '#kernel/http/visitor.ts'
import type { Run } from '#pipeline/engine.ts'
import type { Slots } from './slots.ts'
import type { Tuning } from './tuning.ts'

/** One file on its way: what every way of getting its bytes needs. */
export interface Context {
  readonly run: Run<Positions>
  readonly landing: Landing
  readonly visitor: Visitor
  readonly tuning: Tuning
  /** What was asked for. */
  readonly url: URL
  /** Where it led last; may have expired. */
  final: URL
  /** False once the server has shown that it does not do ranges, or not truly. */
  ranges: boolean
  readonly maxBytes: number | undefined
  readonly maxConnections: number
  /** Most bytes of one request. */
  readonly chunkBytes: number
  readonly slots: Slots
}
