import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, asFault } from '@jackdaw/contract/faults.ts'
import type { StepKind } from '@jackdaw/contract/nouns/job.ts'
import type { Limits } from '@jackdaw/contract/operations/queue.ts'
import { databaseFault, isPassing } from '#db/fault.ts'
import type { Log } from '#db/log.ts'
import type { Bus } from '#kernel/bus.ts'
import { jobOfStep } from './job-of-step.ts'
import { patiently } from './patience.ts'
import { perform } from './perform.ts'
import type { PerformPorts } from './perform-ports.ts'
import type { ClaimedStep, Queue } from './queue.ts'
import { exhausted, judge } from './retry.ts'
import { openRun, type OpenedRun, type Outside } from './run.ts'
import type { Settings } from './settings.ts'

export interface WorkerPorts extends Omit<PerformPorts, 'open'> {
  /** Of this worker, for people; its id begins with it. */
  readonly name: string
  readonly queue: Queue
  readonly bus: Bus
  readonly log: Log
  readonly settings: Settings
  readonly scratch: string
  readonly secrets: string
  readonly unseal: (sealed: string, job: string) => unknown
  /** Everything of a Run that leads outside, for one attempt. */
  readonly outside: (
    step: ClaimedStep,
    how: { signal: AbortSignal; limit: number | undefined; secrets: string },
  ) => Outside
  /** Its name among the workers, unlike any other, earlier ones too; made up when absent. */
  readonly id?: string
  /** Called for each receipt that was written: for metrics. */
  readonly delivered?: (bytes: number, destination: string) => void
  /** Bytes free where scratch is. */
  readonly freeBytes: () => Promise<number>
  /** First wait before a retry; tests make it short. */
  readonly retryBaseMs?: number
}

export interface Worker extends AsyncDisposable {
  readonly id: string
  /** Steps that run here now. */
  running(): number
}

interface Running {
  readonly step: ClaimedStep
  readonly stop: AbortController
  readonly ended: Promise<void>
  opened: OpenedRun | undefined
}

// A lease lasts 15 s (see `claim` in the migration): two renewals may be lost before it expires.
const renewEveryMs = 5_000
// Whoever could not renew for this long must believe that somebody else has the step.
const selfLostMs = 14_000
const sweepEveryMs = 1_000
const reportEveryMs = 250
const stopWithinMs = 9_000
// A database that is away longer finds by the lease that nobody is at the step any more.
const stopPatienceMs = 3_000
const kinds: readonly StepKind[] = ['resolve', 'fetch', 'process', 'deliver']

/** Admits, claims and performs steps until disposed; then it parks what runs. One per process. */
export function startWorker(ports: WorkerPorts): Worker {
  const { queue, bus, log, settings, machine } = ports
  const id = ports.id ?? newWorkerId(ports.name)
  const running = new Map<string, Running>()
  let stopping = false
  let askedMeanwhile = false
  let lastRenewed = performance.now()

  const slots = (limits: Limits) => {
    const mine = { resolve: 0, fetch: 0, process: 0, deliver: 0 }
    for (const { step } of running.values()) mine[step.kind]++
    return Object.fromEntries(kinds.map((kind) => [kind, Math.max(0, limits[kind] - mine[kind])]))
  }

  const round = async (): Promise<boolean> => {
    const { limits, paused } = settings.current()
    if (stopping || paused) return false
    const short = limits.freeBytes > 0 && (await ports.freeBytes()) < limits.freeBytes
    const allowed = short ? { ...limits, fetch: 0, process: 0 } : limits
    askedMeanwhile = false
    const { admitted, steps } = await queue.take(id, machine, slots(allowed), allowed)
    for (const step of steps) begin(step)
    // Nobody could find these steps here while they were on their way.
    if (askedMeanwhile) void renew()
    stopPaused()
    if (steps.length > 0) bus.publish({ kind: 'events', jobs: steps.map((step) => step.job_id) })
    if (admitted !== -1) return false
    // Another process admits at this very moment, perhaps without having seen what woke us.
    await sleep(5)
    return true
  }
  const pump = singleFlight(async () => {
    while (await round()) if (stopping) return
  }, failed('admission failed'))

  const begin = (step: ClaimedStep) => {
    const stop = new AbortController()
    if (stopping) stop.abort(new Fault('house.stopping'))
    const entry: Running = { step, stop, opened: undefined, ended: Promise.resolve() }
    // An attempt whose lease was lost here may still be on its way out, and two must not write one file.
    const before = running.get(step.id)
    before?.stop.abort(new Fault('lease.lost'))
    running.set(step.id, entry)
    Object.assign(entry, {
      ended: (before ? before.ended.then(() => attend(entry)) : attend(entry))
        .finally(() => running.get(step.id) === entry && running.delete(step.id))
        .then(pump),
    })
  }

  const attend = async (entry: Running): Promise<void> => {
    const { step, stop } = entry
    let state
    try {
      // Claimed while the worker was told to stop: given back without an engine having seen it.
      stop.signal.throwIfAborted()
      const job = jobOfStep(step, ports.unseal)
      await using outside = ports.outside(step, {
        signal: stop.signal,
        limit: job.options.limit,
        secrets: ports.secrets,
      })
      const open: PerformPorts['open'] = async (engine) =>
        (entry.opened = await openRun(step, engine, stop.signal, outside, { ...ports, reportEveryMs }))
      try {
        const result = await perform(step, job, { ...ports, open })
        state = await patiently(() => queue.finish(step, result), stop.signal)
        if (state !== null) for (const { bytes } of result.receipts ?? []) ports.delivered?.(bytes, step.engine)
      } finally {
        await entry.opened?.close()
      }
    } catch (thrown) {
      state = await giveBack(entry, thrown).catch(failed('a step could not be given back'))
    }
    if (state === undefined) return
    bus.publish({ kind: 'events', jobs: [step.job_id] })
    bus.publish({ kind: 'ready' })
    if (state === 'done' || state === 'failed' || state === 'cancelled')
      bus.publish({ kind: 'ended', jobs: [step.job_id] })
  }

  const giveBack = async ({ step, stop, opened }: Running, thrown: unknown) => {
    // What an engine throws once it was told to stop is an echo of that.
    const fault = asFault(stop.signal.aborted ? stop.signal.reason : databaseFault(thrown), { incident: step.id })
    if (fault.code === 'house.bug')
      log.error({ err: thrown, job: step.job_id, step: step.id }, 'a step failed by a bug')
    if (fault.code === 'lease.lost') {
      log.warn({ job: step.job_id, step: step.id }, 'a step was taken over by another worker')
      return undefined
    }
    const verdict = judge(fault, {
      tries: step.tries,
      progressed: opened?.traces.progressed() ?? false,
      now: Date.now(),
      random: Math.random,
      ...(ports.retryBaseMs !== undefined && { baseMs: ports.retryBaseMs }),
    })
    const { to, readyAt, tries } = verdict
    const view = verdict.exhausted && tries !== undefined ? exhausted(fault, tries) : fault.view()
    log.info({ job: step.job_id, step: step.id, code: fault.code, to }, 'a step was given back')
    const why = {
      ...(to !== 'ready' && { fault: view }),
      ...(readyAt && { readyAt }),
      ...(tries !== undefined && { tries }),
    }
    const patience = AbortSignal.timeout(stopping ? stopPatienceMs : selfLostMs)
    return (await patiently(() => queue.release(step, to, why), patience)) ?? undefined
  }

  const renew = singleFlight(async () => {
    const mine = [...running.values()]
    await ports.pool.query({
      name: 'seen',
      text: 'update workers set seen_at = now() where id = $1',
      values: [id],
    })
    const renewals =
      mine.length === 0
        ? []
        : await queue.renew(
            id,
            mine.map(({ step, opened }) => ({
              id: step.id,
              attempt: step.attempt,
              progress: opened?.traces.progress(),
            })),
          )
    lastRenewed = performance.now()
    const ours = new Map(renewals.map((one) => [one.id, one]))
    for (const { step, stop } of mine) {
      const renewal = ours.get(step.id)
      if (!running.has(step.id) || stop.signal.aborted) continue
      if (!renewal || renewal.attempt !== step.attempt) stop.abort(new Fault('lease.lost'))
      else if (renewal.asked) stop.abort(new Fault(renewal.asked === 'cancel' ? 'job.cancelled' : 'house.stopping'))
    }
  }, failed('leases could not be renewed'))

  /** A full disk stops the database too. So what fills it is parked while there is still room to write that down. */
  const stopBeforeFull = async () => {
    const { freeBytes } = settings.current().limits
    if (freeBytes === 0 || running.size === 0 || (await ports.freeBytes()) >= freeBytes / 2) return
    for (const { step, stop } of running.values())
      if (step.kind === 'fetch' || step.kind === 'process') stop.abort(new Fault('house.disk-full'))
  }

  const sweep = singleFlight(async () => {
    await stopBeforeFull()
    if (running.size > 0 && performance.now() - lastRenewed > selfLostMs)
      for (const { stop } of running.values()) stop.abort(new Fault('lease.lost'))
    const swept = await queue.sweep(new Fault('step.deadly', { deaths: 5 }).view())
    if (swept && swept.released.length > 0) {
      log.warn({ jobs: swept.released }, 'steps of dead workers were taken back')
      bus.publish({ kind: 'events', jobs: swept.released })
      bus.publish({ kind: 'ended', jobs: swept.released })
    }
    if (swept && (swept.released.length > 0 || swept.woken > 0)) bus.publish({ kind: 'ready' })
    else await pump()
  }, failed('the sweep failed'))

  const stopPaused = () => {
    if (!settings.current().paused) return
    for (const { stop } of running.values()) stop.abort(new Fault('house.stopping'))
  }
  const unsubscribe = bus.subscribe((message) => {
    if (message.kind === 'ready') void pump()
    else if (message.kind === 'asked') {
      askedMeanwhile = true
      const { jobs } = message
      if (jobs.length === 0 || [...running.values()].some(({ step }) => jobs.includes(step.job_id))) void renew()
    } else if (message.kind === 'settings') {
      stopPaused()
      void pump()
    }
  })
  const timers = [setInterval(() => void renew(), renewEveryMs), setInterval(() => void sweep(), sweepEveryMs)]
  void pump()

  function failed(message: string) {
    return (error: unknown): undefined => {
      if (stopping) return
      // A database that is away is the house's to mend, and everything here is tried again.
      if (isPassing(error)) log.warn({ reason: (error as Error).message }, message)
      else log.error({ err: error }, message)
    }
  }

  return {
    id,
    running: () => running.size,
    async [Symbol.asyncDispose]() {
      stopping = true
      unsubscribe()
      for (const { stop } of running.values()) stop.abort(new Fault('house.stopping'))
      // What is being claimed at this moment is given back too.
      const ended = async () => {
        await pump.idle()
        await Promise.allSettled([...running.values()].map((entry) => entry.ended))
      }
      const late = new AbortController()
      await Promise.race([ended(), sleep(stopWithinMs, undefined, { signal: late.signal, ref: false })])
      late.abort()
      for (const timer of timers) clearInterval(timer)
      await Promise.all([pump.idle(), renew.idle(), sweep.idle()])
    },
  }
}

export function newWorkerId(name: string): string {
  return `${name}-${process.pid}-${randomUUID().slice(0, 8)}`
}

/** Runs at most once at a time; calls during a run cause exactly one more. */
function singleFlight(work: () => Promise<void>, failed: (error: unknown) => void) {
  let current: Promise<void> | undefined
  let again = false
  const start = async () => {
    do {
      again = false
      await work().catch(failed)
    } while (again)
    current = undefined
  }
  const call = (): Promise<void> => {
    if (current) again = true
    else current = start()
    return current as Promise<void>
  }
  return Object.assign(call, { idle: async () => await current })
}
