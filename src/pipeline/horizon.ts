import type { Pool } from 'pg'

/** Tells up to which sequence number all events are there, for one reader. */
export interface Horizon {
  /** Everything up to this number is there or will never be. */
  readonly at: number
  /** Looks again. False while a number below the newest is still held by a transaction that has not ended. */
  advance(): Promise<boolean>
}

const page = 5000
// A transaction that draws a number ends within its statement timeout; twice that is safe (src/db/open.ts).
const longestTransaction = '2 minutes'

/**
 * Sequence numbers are drawn before they are committed, so a lower one may appear after a higher one. A gap is filled by
 * whoever holds its number, or stays for ever when that transaction is rolled back; which of the two is known once
 * every transaction has ended that ran when the gap was first seen.
 */
export async function openHorizon(pool: Pool, since: number | undefined): Promise<Horizon> {
  const { rows } = await pool.query<{ settled: number; newest: number }>(`
    select coalesce((select seq from events where at < now() - interval '${longestTransaction}' order by seq desc limit 1),
      (select min(seq) - 1 from events), 0) as settled, coalesce((select max(seq) from events), 0) as newest`)
  const { settled, newest } = rows[0] ?? { settled: 0, newest: 0 }
  let at = since === undefined ? newest : settled
  let gap: { readonly upTo: number; readonly until: bigint } | undefined

  const look = async (): Promise<{ complete: boolean; full: boolean }> => {
    const { rows: found } = await pool.query<{ seqs: number[]; oldest: string; next: string }>({
      name: 'horizon',
      text: `select array(select seq from events where seq > $1 order by seq limit ${page}) as seqs,
        pg_snapshot_xmin(s)::text as oldest, pg_snapshot_xmax(s)::text as next from pg_current_snapshot() s`,
      values: [at],
    })
    const { seqs, oldest, next } = found[0] ?? { seqs: [], oldest: '0', next: '0' }
    for (const seq of seqs) {
      if (seq !== at + 1) {
        if (gap === undefined || seq > gap.upTo) gap = { upTo: seqs.at(-1) ?? seq, until: BigInt(next) }
        if (BigInt(oldest) < gap.until) return { complete: false, full: false }
      }
      at = seq
    }
    return { complete: true, full: seqs.length === page }
  }
  return {
    get at() {
      return at
    },
    async advance() {
      for (;;) {
        const { complete, full } = await look()
        if (!full) return complete
      }
    },
  }
}
