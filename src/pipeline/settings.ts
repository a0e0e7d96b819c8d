import type { Pool } from 'pg'
import { Limits } from '@jackdaw/contract/operations/queue.ts'
import type { Bus } from '#kernel/bus.ts'

/** What an operator may change while running, as this process knows it. */
export interface Current {
  readonly paused: boolean
  readonly limits: Limits
}

export interface Settings extends Disposable {
  current(): Current
  /** Stores a change, announces it to all processes and returns what is in force. */
  change(change: { paused?: boolean; limits?: Partial<Limits> }): Promise<Current>
}

/** Opens the settings: rows of the database over the defaults of the configuration. */
export async function openSettings({
  pool,
  bus,
  defaults,
}: {
  pool: Pool
  bus: Bus
  defaults: Limits
}): Promise<Settings> {
  const read = async (): Promise<Current> => {
    const { rows } = await pool.query<{ name: string; value: unknown }>(
      `select name, value from settings where name in ('limits', 'paused')`,
    )
    const stored = new Map(rows.map(({ name, value }) => [name, value]))
    const limits = Limits.partial().safeParse(stored.get('limits') ?? {})
    return { paused: stored.get('paused') === true, limits: { ...defaults, ...(limits.success ? limits.data : {}) } }
  }
  let current = await read()
  // The order of reads does not matter: the last answer is the newest or will be followed by another message.
  const refresh = async () => {
    const before = JSON.stringify(current)
    current = await read()
    if (JSON.stringify(current) !== before) bus.receive({ kind: 'settings' })
  }
  const unsubscribe = bus.subscribe((message) => {
    if (message.kind === 'settings') refresh().catch(() => {}) // The next message or start reads it again.
  })
  return {
    current: () => current,
    async change({ paused, limits }) {
      const store = (name: string, value: unknown, merge: string) =>
        pool.query(
          `insert into settings (name, value) values ($1, $2) on conflict (name) do update set value = ${merge}, changed_at = now()`,
          [name, JSON.stringify(value)],
        )
      if (paused !== undefined) await store('paused', paused, 'excluded.value')
      if (limits !== undefined)
        await store('limits', Limits.partial().parse(limits), 'settings.value || excluded.value')
      current = await read()
      bus.publish({ kind: 'settings' })
      return current
    },
    [Symbol.dispose]: unsubscribe,
  }
}
