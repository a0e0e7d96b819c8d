import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { Event } from '../events.ts'
import { Job, JobDetail, JobState, Priority } from '../nouns/job.ts'
import { About, ChoiceView, Entry } from '../nouns/media.ts'
import { Items, JobOptions, JobSecrets } from '../nouns/options.ts'
import { operation } from './base.ts'

const tags = ['jobs']
const Id = z.object({ id: z.string().min(1).max(64).describe('id of the job') })

/** What one wish consists of. */
export const Wish = z.object({
  link: z.string().min(1).max(8192).describe('what to fetch'),
  destinations: z
    .array(z.string().min(1).max(4096))
    .min(1)
    .max(16)
    .optional()
    .describe('where to: "library", "folder:/srv/media"'),
  recipe: z.string().max(100).optional().describe('name of the recipe; "plain" leaves the file as it is'),
  options: JobOptions.optional(),
  secrets: JobSecrets.optional().describe('sealed at rest, never shown again'),
  priority: Priority.optional(),
  category: z.string().min(1).max(100).optional(),
})
export type Wish = z.infer<typeof Wish>

const mutation = (path: `/${string}`, summary: string) =>
  operation.meta({ access: 'member', mutates: true }).route({ method: 'POST', path, summary, tags })

const action = (name: string, summary: string) => mutation(`/jobs/{id}/${name}`, summary).input(Id).output(Job)

export const jobs = {
  start: mutation('/jobs', 'Fetch what is behind a link and deliver it').input(Wish).output(Job),
  startMany: mutation('/batches', 'Start a batch: one job per line, in order')
    .input(
      z.object({
        name: z.string().min(1).max(255).optional(),
        lines: z.array(Wish).min(1).max(10_000),
        strict: z.boolean().default(false).describe('one after another instead of side by side'),
      }),
    )
    .output(z.object({ batch: z.string(), jobs: z.array(Job) })),
  list: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/jobs', summary: 'List jobs, newest first', tags })
    .input(
      z.object({
        state: z.union([JobState, z.literal('open')]).optional(),
        batch: z.string().optional(),
        category: z.string().optional(),
        search: z.string().max(200).optional().describe('words in title or link'),
        limit: z.coerce.number().int().min(1).max(1000).default(50),
        before: z.string().optional().describe('id of the last job of the page before'),
      }),
    )
    .output(z.object({ jobs: z.array(Job), next: z.string().nullable() })),
  get: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/jobs/{id}', summary: 'One job with its steps, assets and receipts', tags })
    .input(Id)
    .output(JobDetail),
  events: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/jobs/{id}/events', summary: 'Follow a job (SSE; replays by Last-Event-ID)', tags })
    .input(Id.extend({ since: z.coerce.number().int().nonnegative().optional().describe('replay from this sequence') }))
    .output(eventIterator(Event)),
  pause: action('pause', 'Pause a job; its bytes are kept'),
  resume: action('resume', 'Go on with a paused job'),
  cancel: action('cancel', 'Cancel a job and clean up'),
  retry: mutation('/jobs/{id}/retry', 'Start a failed or cancelled job anew, from resolving on')
    .input(
      Id.extend({
        recipe: z
          .string()
          .max(100)
          .optional()
          .describe('another recipe than before; it replaces `steps`, and `plain` all that would be made of the files'),
        options: JobOptions.optional().describe('these instead of the ones before; others stay'),
        secrets: JobSecrets.optional().describe('these instead of the ones before; others stay'),
      }),
    )
    .output(Job),
  choices: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/jobs/{id}/choices', summary: 'What a job that waits for a choice offers', tags })
    .input(Id)
    .output(
      z.object({
        title: z.string(),
        about: About.optional(),
        choices: z.array(ChoiceView).describe('best first; none for a list'),
        entries: z.array(Entry).optional().describe('of a list: the first thousand'),
        entriesInAll: z.number().int().optional(),
        subtitles: z.array(z.object({ language: z.string(), automatic: z.boolean() })),
        fits: z
          .object({ choice: z.string(), why: z.string() })
          .optional()
          .describe('the one that is taken when nobody chooses'),
        until: z.string().describe('when it is taken'),
      }),
    ),
  choose: mutation('/jobs/{id}/choose', 'Choose for a job that waits for it')
    .input(
      Id.extend({
        choice: z.string().min(1).max(200).optional().describe('the one that fits when absent'),
        items: Items.optional().describe('of a list: which members; all when absent'),
      }),
    )
    .output(Job),
  prioritise: mutation('/jobs/{id}/priority', 'Set the priority of a job: -1, 0 or 1')
    .input(Id.extend({ priority: Priority }))
    .output(Job),
  move: mutation('/jobs/{id}/move', 'Change the place of a job in its queue')
    .input(Id.extend({ to: z.union([z.literal('next'), z.literal('last'), z.object({ before: z.string() })]) }))
    .output(Job),
}

export const batches = {
  get: operation
    .meta({ access: 'member' })
    .route({ method: 'GET', path: '/batches/{id}', summary: 'A batch: totals by state', tags })
    .input(z.object({ id: z.string() }))
    .output(
      z.object({
        id: z.string(),
        name: z.string(),
        strict: z.boolean(),
        totals: z.partialRecord(JobState, z.number().int()),
        createdAt: z.string(),
      }),
    ),
  retry: mutation('/batches/{id}/retry', 'Start all failed jobs of a batch anew')
    .input(z.object({ id: z.string() }))
    .output(z.object({ jobs: z.array(Job) })),
}
