import { withEventMeta } from '@orpc/server'
import type { Pool } from 'pg'
import type { StepKind, StepState } from '@jackdaw/contract/nouns/job.ts'
import type { Bus } from '#kernel/bus.ts'
import type { Settings } from '#pipeline/settings.ts'
import { watch } from '#pipeline/watch.ts'
import { os } from '../door.ts'
import { sinceOf } from '../watch.ts'

export interface QueuePorts {
  readonly pool: Pool
  readonly bus: Bus
  readonly settings: Settings
}

export function queueOperations({ pool, bus, settings }: QueuePorts) {
  return {
    show: os.queue.show.handler(async () => {
      const { rows } = await pool.query<{ kind: StepKind; state: StepState; n: number }>(
        `select kind, state, count(*) as n from steps where state in ('waiting', 'ready', 'admitted', 'running', 'paused') group by 1, 2`,
      )
      const none = { waiting: 0, ready: 0, admitted: 0, running: 0, paused: 0 }
      const kinds: Partial<Record<StepKind, typeof none>> = {}
      for (const { kind, state, n } of rows) kinds[kind] = { ...none, ...kinds[kind], [state]: n }
      return { ...settings.current(), kinds }
    }),
    pause: os.queue.pause.handler(async () => ({ paused: (await settings.change({ paused: true })).paused })),
    resume: os.queue.resume.handler(async () => ({ paused: (await settings.change({ paused: false })).paused })),
    limit: os.queue.limit.handler(async ({ input }) => (await settings.change({ limits: input })).limits),
    events: os.queue.events.handler(async function* ({ input, context: { caller }, signal, lastEventId }) {
      const since = sinceOf(input.since, lastEventId)
      const account = caller.role === 'owner' || caller.role === 'admin' ? undefined : caller.account
      for await (const event of watch({ pool, bus, since, signal, ...(account !== undefined && { account }) }))
        yield event.seq === undefined ? event : withEventMeta(event, { id: String(event.seq) })
    }),
  }
}
