import { setTimeout as sleep } from 'node:timers/promises'
import { withEventMeta } from '@orpc/client'
import { createRouterClient, implement } from '@orpc/server'
import type { z } from 'zod'
import { contract } from '@jackdaw/contract/contract.ts'
import type { Event, EventData, EventType } from '@jackdaw/contract/events.ts'
import { Fault, type FaultCode, type Facts } from '@jackdaw/contract/faults.ts'
import { type Job, type JobDetail, type Progress, endedStates } from '@jackdaw/contract/nouns/job.ts'
import type { Recipe } from '@jackdaw/contract/nouns/recipe.ts'
import type { EngineView } from '@jackdaw/contract/operations/house.ts'
import type { Wish, jobs as jobOperations } from '@jackdaw/contract/operations/jobs.ts'
import type { PlannedStep } from '@jackdaw/contract/operations/recipes.ts'
import type { Preferences } from '@jackdaw/contract/operations/preferences.ts'

/** What becomes of a job after it was queued: a test plays it with `house.step…`. */
export type Play = (id: string, house: FakeHouse) => Promise<void> | void

/** What a job that waits for a choice offers, and what was chosen of it. */
type Offer = z.infer<NonNullable<(typeof jobOperations.choices)['~orpc']['outputSchema']>>
type Chosen = { readonly choice?: string | undefined; readonly items?: string | undefined }

const at = '2026-01-01T00:00:00.000Z'
const step = { step: 's1', kind: 'fetch', engine: 'http', label: 'fetching' } as const

/** A house without database and workers that obeys the contract: jobs do what the test plays. */
export class FakeHouse {
  readonly jobs = new Map<string, JobDetail>()
  readonly wishes: (Wish & { batch?: string })[] = []
  readonly events: Event[] = []
  readonly asked: string[] = []
  readonly retries: object[] = []
  readonly recipes = new Map<string, Recipe>([
    ['default', { name: 'default', title: 'As it is', steps: [], isBuiltin: true }],
  ])
  readonly previews: object[] = []
  preview: PlannedStep[] = []
  preferences: Preferences = {}
  engines: EngineView[] = []
  paused = false
  readonly #offers = new Map<string, { offer: Offer; chosen(choice: Chosen): void }>()
  readonly #play: Play
  #wake = Promise.withResolvers<void>()
  #volatile: { after: number; event: Event }[] = []

  constructor(play: Play = (id, house) => house.finish(id)) {
    this.#play = play
  }

  start(wish: Wish, batch?: { id: string; index: number }): Job {
    const open = [...this.jobs.values()].find((job) => job.link === wish.link && !endedStates.includes(job.state))
    if (open !== undefined) return open
    if (wish.link.startsWith('bad:')) throw new Fault('link.invalid', { reason: 'no such scheme' })
    this.wishes.push({ ...wish, ...(batch === undefined ? {} : { batch: batch.id }) })
    const id = `j${this.jobs.size + 1}`
    const title = wish.options?.name ?? wish.link.split('/').at(-1) ?? ''
    const destinations = wish.destinations ?? ['library']
    const recipe = wish.recipe ?? 'default'
    const none = { startedAt: null, endedAt: null, steps: [], assets: [], receipts: [], recipe }
    const job: JobDetail = {
      id,
      account: 'a1',
      link: wish.link,
      title,
      state: 'queued',
      priority: 0,
      destinations,
      createdAt: at,
      ...none,
      ...(batch === undefined ? {} : { batch }),
    }
    this.jobs.set(id, job)
    this.emit('job.queued', id, { link: wish.link, title })
    setImmediate(() => void this.#play(id, this))
    return job
  }

  emit<T extends EventType>(type: T, job: string, data: EventData<T>): void {
    // The pairing of type and data is checked by the signature; the union cannot see it.
    this.events.push({ type, job, at, seq: this.events.length + 1, data } as unknown as Event)
    this.#ring()
  }

  progress(id: string, progress: Progress): void {
    this.change(id, { state: 'running', startedAt: at })
    const event: Event = { type: 'step.progress', job: id, at, data: { ...step, progress } }
    this.#volatile.push({ after: this.events.length, event })
    this.#ring()
  }

  finish(id: string, bytes = 3_145_728): void {
    const job = this.job(id)
    const sha256 = id.slice(1).padStart(64, '0')
    const asset = {
      id: `a-${id}`,
      name: job.title,
      type: 'video/mp4',
      bytes,
      sha256,
      state: 'kept',
      createdAt: at,
    } as const
    const receipts = job.destinations.map((destination) => ({
      asset: asset.id,
      destination,
      sha256,
      bytes,
      at,
      place: destination.startsWith('folder:') ? `${destination.slice(7)}/${job.title}` : `${destination}/${sha256}`,
    }))
    this.emit('job.started', id, {})
    this.emit('step.started', id, { ...step, attempt: 1 })
    this.change(id, {
      state: 'done',
      startedAt: at,
      endedAt: '2026-01-01T00:00:02.000Z',
      receipts,
      assets: [
        {
          ...asset,
          facts: { durationSeconds: 60 },
        },
      ],
    })
    for (const receipt of receipts) this.emit('delivery.done', id, { receipt })
    this.emit('job.done', id, { bytes })
  }

  fail(id: string, code: FaultCode, facts: Facts = {}): void {
    const fault = new Fault(code, facts).view()
    this.change(id, { state: 'failed', startedAt: at, endedAt: at, fault })
    this.emit('job.failed', id, { fault })
  }

  cancel(id: string): Job {
    this.change(id, { state: 'cancelled', endedAt: at })
    this.emit('job.cancelled', id, {})
    return this.job(id)
  }

  /** Waits for a choice, as a job with `chooseSeconds` does; gives what was chosen. */
  ask(id: string, offer: Pick<Offer, 'choices'> & Partial<Offer>): Promise<Chosen> {
    const { promise, resolve } = Promise.withResolvers<Chosen>()
    const { title } = this.job(id)
    const until = '2026-01-01T01:00:00.000Z'
    this.#offers.set(id, { offer: { title, subtitles: [], until, ...offer }, chosen: resolve })
    this.change(id, { state: 'running' })
    this.emit('job.planned', id, { title, steps: 1 })
    this.emit('job.asked', id, { title, choices: offer.choices.length || (offer.entries ?? []).length, until })
    return promise
  }

  offer(id: string): Offer {
    const asked = this.#offers.get(id)
    if (asked === undefined) throw new Fault('input.conflict', { reason: 'the job waits for no choice' })
    return asked.offer
  }

  choose(id: string, choice: Chosen): Job {
    const { title } = this.offer(id)
    const asked = this.#offers.get(id)
    this.#offers.delete(id)
    this.emit('job.planned', id, { title, steps: 2 })
    asked?.chosen(choice)
    return this.job(id)
  }

  /** The link is a list: its entries become jobs of a batch, which this house then plays. */
  expand(
    id: string,
    title: string,
    links: readonly string[],
    skipped: { title: string; reason: string }[] = [],
  ): string[] {
    const batch = `b-${id}`
    const jobs = links.map((link, index) =>
      this.start({ link, destinations: this.job(id).destinations }, { id: batch, index }),
    )
    this.change(id, { title, list: batch, state: 'running', startedAt: at })
    this.emit('job.expanded', id, { title, batch, count: links.length, inAll: links.length + skipped.length, skipped })
    return jobs.map((job) => job.id)
  }

  /** Ends a job that has no file of its own, such as the one of a list. */
  end(id: string): void {
    this.change(id, { state: 'done', endedAt: at })
    this.emit('job.done', id, {})
  }

  job(id: string): JobDetail {
    const job = this.jobs.get(id)
    if (job === undefined) throw new Fault('input.unknown', { noun: 'job', id })
    return job
  }

  change(id: string, change: Partial<JobDetail>): JobDetail {
    const job = { ...this.job(id), ...change }
    this.jobs.set(id, job)
    return job
  }

  /** Replays what was durable after `since`, then follows; volatile events only from now on. */
  async *watch(id: string | undefined, since: number, signal: AbortSignal | undefined): AsyncGenerator<Event> {
    let told = since
    let volatile = this.#volatile.length
    for (;;) {
      if (signal?.aborted) return
      for (; told < this.events.length; told++) {
        const event = this.events[told]
        if (event !== undefined && (id === undefined || event.job === id)) {
          yield withEventMeta({ ...event }, { id: String(event.seq) })
          if (id !== undefined && event.type === 'job.done') return
        }
      }
      for (; volatile < this.#volatile.length; volatile++) {
        const event = this.#volatile[volatile]?.event
        if (event !== undefined && (id === undefined || event.job === id)) yield event
      }
      const aborted = sleep(60_000, undefined, { ref: false, ...(signal === undefined ? {} : { signal }) })
      await Promise.race([this.#wake.promise, aborted.catch(() => undefined)])
    }
  }

  router() {
    return routerOf(this)
  }

  client() {
    return createRouterClient(this.router())
  }

  #ring(): void {
    this.#wake.resolve()
    this.#wake = Promise.withResolvers<void>()
  }
}

function routerOf(house: FakeHouse) {
  const os = implement(contract).use(async ({ next, path }) => {
    house.asked.push(path.join('.'))
    return next()
  })
  const limits = {
    fetch: 8,
    process: 2,
    deliver: 8,
    resolve: 8,
    perAccount: 8,
    perSite: 4,
    perMachine: 2,
    bandwidth: 0,
    freeBytes: 0,
  }
  const act = (state: Job['state'], type: 'job.paused' | 'job.resumed' | 'job.retried') => (id: string) => {
    const job = house.change(id, { state })
    house.emit(type, id, {})
    return job
  }
  const since = (input: { since?: number | undefined }, lastEventId: string | undefined) =>
    lastEventId === undefined ? input.since : Number(lastEventId)
  const item = (id: string) => ({
    id,
    name: 'film.mp4',
    type: 'video/mp4',
    bytes: 5,
    sha256: '0'.repeat(64),
    createdAt: at,
    title: 'A film',
    state: 'kept' as const,
  })
  const fileLink = (id: string) => ({
    id,
    asset: 'a1',
    expiresAt: null,
    maxUses: null,
    uses: 0,
    revokedAt: null,
    protected: false,
    createdAt: at,
  })
  const recipe = (name: string): Recipe => {
    const found = house.recipes.get(name)
    if (found === undefined) throw new Fault('input.unknown', { noun: 'recipe', id: name })
    return found
  }
  return os.router({
    jobs: {
      start: os.jobs.start.handler(({ input }) => house.start(input)),
      startMany: os.jobs.startMany.handler(({ input }) => {
        const batch = 'b1'
        return { batch, jobs: input.lines.map((line, index) => house.start(line, { id: batch, index })) }
      }),
      list: os.jobs.list.handler(({ input }) => {
        const all = [...house.jobs.values()].reverse().filter((job) => {
          const open = input.state === 'open' && !endedStates.includes(job.state)
          if (input.batch !== undefined && job.batch?.id !== input.batch) return false
          return input.state === undefined || open || job.state === input.state
        })
        const from = input.before === undefined ? 0 : all.findIndex((job) => job.id === input.before) + 1
        const jobs = all.slice(from, from + input.limit)
        return { jobs, next: from + jobs.length < all.length ? (jobs.at(-1)?.id ?? null) : null }
      }),
      get: os.jobs.get.handler(({ input }) => house.job(input.id)),
      events: os.jobs.events.handler(({ input, signal, lastEventId }) => {
        house.job(input.id)
        return house.watch(input.id, since(input, lastEventId) ?? 0, signal)
      }),
      pause: os.jobs.pause.handler(({ input }) => act('paused', 'job.paused')(input.id)),
      resume: os.jobs.resume.handler(({ input }) => act('running', 'job.resumed')(input.id)),
      retry: os.jobs.retry.handler(({ input }) => {
        house.retries.push(input)
        return act('queued', 'job.retried')(input.id)
      }),
      choices: os.jobs.choices.handler(({ input }) => house.offer(input.id)),
      choose: os.jobs.choose.handler(({ input: { id, ...chosen } }) => house.choose(id, chosen)),
      cancel: os.jobs.cancel.handler(({ input }) => house.cancel(input.id)),
      prioritise: os.jobs.prioritise.handler(({ input }) => house.change(input.id, { priority: input.priority })),
      move: os.jobs.move.handler(({ input }) => house.job(input.id)),
    },
    batches: {
      get: os.batches.get.handler(({ input }) => ({ ...input, name: '', strict: false, totals: {}, createdAt: at })),
      retry: os.batches.retry.handler(() => ({ jobs: [] })),
    },
    recipes: {
      list: os.recipes.list.handler(() => [...house.recipes.values()]),
      get: os.recipes.get.handler(({ input }) => recipe(input.name)),
      save: os.recipes.save.handler(({ input }) => {
        const saved = { ...input, isBuiltin: false }
        house.recipes.set(input.name, saved)
        return saved
      }),
      remove: os.recipes.remove.handler(({ input }) => {
        const removed = recipe(input.name)
        house.recipes.delete(input.name)
        return removed
      }),
      preview: os.recipes.preview.handler(({ input }) => {
        house.previews.push(input)
        return house.preview
      }),
    },
    preferences: {
      get: os.preferences.get.handler(() => house.preferences),
      set: os.preferences.set.handler(({ input }) => {
        const kept = Object.entries({ ...house.preferences, ...input }).filter(([, value]) => value !== null)
        return (house.preferences = Object.fromEntries(kept))
      }),
    },
    queue: {
      show: os.queue.show.handler(() => ({ paused: house.paused, kinds: {}, limits })),
      pause: os.queue.pause.handler(() => ({ paused: (house.paused = true) })),
      resume: os.queue.resume.handler(() => ({ paused: (house.paused = false) })),
      limit: os.queue.limit.handler(({ input }) => ({ ...limits, ...input })),
      events: os.queue.events.handler(({ input, signal, lastEventId }) =>
        house.watch(undefined, since(input, lastEventId) ?? house.events.length, signal),
      ),
    },
    library: {
      list: os.library.list.handler(() => ({ items: [item('a1')], next: null })),
      get: os.library.get.handler(({ input }) => item(input.id)),
      remove: os.library.remove.handler(({ input }) => ({ id: input.id, freedBytes: 5 })),
      link: os.library.link.handler(() => ({ ...fileLink('l1'), url: 'https://house.example/files/l1' })),
      links: os.library.links.handler(() => [fileLink('l1')]),
      extend: os.library.extend.handler(({ input }) => fileLink(input.link)),
      revoke: os.library.revoke.handler(({ input }) => ({ ...fileLink(input.link), revokedAt: at })),
      verify: os.library.verify.handler(() => ({ checked: 1, damaged: ['a1'], missing: [], orphans: [] })),
    },
    house: {
      status: os.house.status.handler(() => ({
        version: '0',
        environment: 'development',
        startedAt: at,
        services: [],
        capabilities: [],
      })),
      engines: os.house.engines.handler(() => house.engines),
      metrics: os.house.metrics.handler(() => ({})),
    },
  })
}
