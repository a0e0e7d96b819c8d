import { z } from 'zod'
import { FaultView } from './faults.ts'
import { Progress, StepKind } from './nouns/job.ts'
import { Receipt } from './nouns/asset.ts'

const step = { step: z.string(), kind: StepKind, engine: z.string(), label: z.string() }

/** The payload of each event type. Durable ones are written with the change that they tell of. */
export const eventTypes = {
  'job.queued': z.object({ link: z.string(), title: z.string() }),
  'job.planned': z.object({ title: z.string(), steps: z.number().int(), bytes: z.number().optional() }),
  'job.asked': z.object({ title: z.string(), choices: z.number().int(), until: z.string() }),
  'job.expanded': z.object({
    title: z.string(),
    batch: z.string(),
    count: z.number().int(),
    inAll: z.number().int(),
    skipped: z.array(z.object({ title: z.string(), reason: z.string() })),
  }),
  'job.started': z.object({}),
  'job.paused': z.object({}),
  'job.resumed': z.object({}),
  'job.retried': z.object({}),
  'job.moved': z.object({ to: z.string() }),
  'job.prioritised': z.object({ priority: z.number().int() }),
  'job.done': z.object({ bytes: z.number().optional() }),
  'job.failed': z.object({ fault: FaultView }),
  'job.cancelled': z.object({}),
  'step.started': z.object({ ...step, attempt: z.number().int() }),
  'step.done': z.object(step),
  'step.retrying': z.object({ ...step, fault: FaultView, readyAt: z.string() }),
  'step.failed': z.object({ ...step, fault: FaultView }),
  'step.recovered': z.object({ ...step, deaths: z.number().int() }),
  'delivery.done': z.object({ receipt: Receipt }),
  'asset.kept': z.object({ asset: z.string(), name: z.string(), sha256: z.string(), bytes: z.number() }),
  'asset.removed': z.object({ asset: z.string() }),
} as const

/** The payload of each volatile event: sent to whoever watches, kept nowhere. */
export const volatileTypes = {
  'step.progress': z.object({ ...step, progress: Progress }),
} as const

export type EventType = keyof typeof eventTypes
export type VolatileType = keyof typeof volatileTypes
export type EventData<T extends EventType> = z.infer<(typeof eventTypes)[T]>
export type VolatileData<T extends VolatileType> = z.infer<(typeof volatileTypes)[T]>

const common = { at: z.string(), job: z.string().optional() }

const variants = [
  ...Object.entries(eventTypes).map(([type, data]) =>
    z.object({ type: z.literal(type), seq: z.number().int(), ...common, data }),
  ),
  ...Object.entries(volatileTypes).map(([type, data]) => z.object({ type: z.literal(type), ...common, data })),
]

/** A fact in the past tense. Durable events carry `seq`; volatile ones do not. */
export type Event =
  | { [T in EventType]: { type: T; seq: number; at: string; job?: string; data: EventData<T> } }[EventType]
  | { [T in VolatileType]: { type: T; seq?: undefined; at: string; job?: string; data: VolatileData<T> } }[VolatileType]

export const Event = z.union(variants as never) as unknown as z.ZodType<Event>
