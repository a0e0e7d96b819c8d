/** What a bench or a test may want different; the house uses `defaults`. */
export interface Tuning {
  /** Silence after which a connection is given up. */
  readonly stallMs: number
  /** A further connection takes less than this, wherever the site is, unless the house gives none. */
  readonly connectMs: number
  /** Waits between attempts inside one fetch; what lasts longer is the pipeline's to retry. */
  readonly pauseMs: readonly number[]
  /** SHA-256 on the way. */
  readonly digest: boolean
  /** Most connections to one host unless a job says otherwise: what `aria2c -x16` takes, and only while each pays. */
  readonly connections: number
  /** Ceiling of one transfer's read buffers, beyond one for each lane. */
  readonly bufferBytes: number
  /** The raw path through `Run.connect`. */
  readonly fast: boolean
}

export const defaults: Tuning = {
  stallMs: 30_000,
  connectMs: 3000,
  pauseMs: [100, 500, 2000],
  digest: true,
  connections: 16,
  bufferBytes: 10 * 1024 * 1024,
  fast: true,
}
