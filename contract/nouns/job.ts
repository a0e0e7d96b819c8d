import { z } from 'zod'
import { FaultView } from '../faults.ts'
import { Asset, Receipt } from './asset.ts'
import { About } from './media.ts'

export const StepState = z.enum(['waiting', 'ready', 'admitted', 'running', 'paused', 'done', 'failed', 'cancelled'])
export type StepState = z.infer<typeof StepState>

export const StepKind = z.enum(['resolve', 'fetch', 'process', 'deliver'])
export type StepKind = z.infer<typeof StepKind>

export const JobState = z.enum(['queued', 'running', 'paused', 'done', 'failed', 'cancelled'])
export type JobState = z.infer<typeof JobState>
export const endedStates: readonly JobState[] = ['done', 'failed', 'cancelled']

/** How far something is. Speed (units per second) and ETA are derived by whoever reports; `of` is unknown at times. */
export const Progress = z.object({
  unit: z.enum(['bytes', 'seconds', 'items']),
  done: z.number().nonnegative(),
  of: z.number().nonnegative().optional(),
  speed: z.number().nonnegative().optional(),
  etaSeconds: z.number().nonnegative().optional(),
  note: z.string().optional(),
})
export type Progress = z.infer<typeof Progress>

/** The unit of durability, as people see it. */
export const Step = z.object({
  id: z.string(),
  kind: StepKind,
  engine: z.string(),
  label: z.string(),
  state: StepState,
  tries: z.number().int(),
  readyAt: z.string().nullable(),
  progress: Progress.optional(),
  fault: FaultView.optional(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
})
export type Step = z.infer<typeof Step>

export const Priority = z.union([z.literal(-1), z.literal(0), z.literal(1)])
export type Priority = z.infer<typeof Priority>

/** One wish of one account: link, recipe and destinations. Its state is a summary of its steps. */
export const Job = z.object({
  id: z.string(),
  account: z.string(),
  link: z.string(),
  title: z.string(),
  state: JobState,
  doing: z.string().optional(),
  priority: Priority,
  category: z.string().optional(),
  batch: z.object({ id: z.string(), index: z.number().int() }).optional(),
  /** The batch of its entries, when the link is a list. The job ends when they have ended. */
  list: z.string().optional(),
  destinations: z.array(z.string()),
  progress: Progress.optional(),
  fault: FaultView.optional(),
  createdAt: z.string(),
  startedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
})
export type Job = z.infer<typeof Job>

export const JobDetail = Job.extend({
  recipe: z.string(),
  about: About.optional(),
  steps: z.array(Step),
  assets: z.array(Asset),
  receipts: z.array(Receipt),
})
export type JobDetail = z.infer<typeof JobDetail>
