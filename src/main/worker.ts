import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Metrics } from '#app/house/metrics.ts'
import { deathWatch, spawnChild } from '#kernel/child/child.ts'
import { identify, isSame } from '#kernel/child/identity.ts'
import { sweepOrphans } from '#kernel/child/orphans.ts'
import { findTool, toolCatalogue, type ToolName } from '#kernel/child/tools.ts'
import { combined, createBandwidth } from '#kernel/net/bandwidth.ts'
import { createGuard, type Guard } from '#kernel/net/guard.ts'
import { createOutward } from '#kernel/net/outward.ts'
import { createPace } from '#kernel/net/pace.ts'
import { openProxy } from '#kernel/net/proxy.ts'
import { countAlive, register, rememberChild, takeBack, unregister } from '#pipeline/presence.ts'
import type { ClaimedStep } from '#pipeline/queue.ts'
import { secretsOf, type Outside } from '#pipeline/run.ts'
import { newWorkerId, startWorker } from '#pipeline/worker.ts'
import type { Config } from './config.ts'
import type { Parts } from './parts.ts'
import { configuredTools } from './tools.ts'

/** How often a worker looks whether others on this machine have died: well within the 15 s of a lease. */
const lookEveryMs = 3_000
/** External programs yield to the house, which must go on answering while they work. */
const niceness = 10

export interface OpenedWorker extends AsyncDisposable {
  /** Takes over what may change while running. */
  reload(config: Config): void
}

/** The role `worker`: the guarded way out, presence, and the worker itself. */
export async function openWorker(parts: Parts & { roles: readonly string[]; metrics: Metrics }): Promise<OpenedWorker> {
  const { config, bus, log, machine, pool, queue, settings } = parts
  await using stack = new AsyncDisposableStack()
  const secrets = join(config.data, 'secrets')
  await mkdir(secrets, { recursive: true, mode: 0o700 })

  let policy = createGuard({ allow: config.netAllow })
  // What is permitted may change while running; whoever holds the guard asks anew each time.
  const guard: Guard = { resolve: (...host) => policy.resolve(...host), connect: (to) => policy.connect(to) }
  // A transfer opens at most 16 connections to a host, or the 64 that a job may ask for; the rest is room for requests.
  const outward = stack.use(createOutward(guard, createPace({ connections: 80 })))
  const proxy = stack.use(await openProxy({ guard }))
  const searchPath = process.env['PATH'] ?? ''
  const launcher = await deathWatch(searchPath)
  // The limit is the whole house's: each worker takes an equal part of it.
  let workers = 1
  const rate = () => {
    const { bandwidth } = settings.current().limits
    return bandwidth === 0 ? undefined : Math.max(1, bandwidth / workers)
  }
  const house = createBandwidth(rate())
  stack.defer(bus.subscribe((message) => message.kind === 'settings' && house.limit(rate())))

  const presence = {
    pool,
    queue,
    machine,
    isAlive: isSame,
    killOrphans: async (children: Parameters<typeof sweepOrphans>[0]) => void (await sweepOrphans(children)),
    forget: (step: Parameters<typeof secretsOf>[1]) => rm(secretsOf(secrets, step), { recursive: true, force: true }),
  }
  const look = async () => {
    const jobs = await takeBack(presence)
    const alive = await countAlive(pool)
    if (alive !== workers) {
      workers = alive
      house.limit(rate())
    }
    if (jobs.length === 0) return
    log.warn({ jobs }, 'steps of a dead worker were taken back')
    bus.publish({ kind: 'events', jobs })
    bus.publish({ kind: 'ready' })
  }

  const outside = (
    step: ClaimedStep,
    how: { signal: AbortSignal; limit: number | undefined; secrets: string },
  ): Outside => {
    const limits = combined(house, createBandwidth(how.limit))
    const charge = (bytes: number) => {
      parts.metrics.fetched(bytes)
      return limits.charge(bytes)
    }
    const ticket = proxy.admit(charge)
    const cwd = join(parts.scratch, step.job_id, String(step.index))
    return {
      http: (input, init) => outward.http(input, { ...init, signal: init?.signal ?? how.signal }),
      connect: (to) => outward.connect({ ...to, signal: how.signal }),
      charge,
      async spawn(tool, args, spawn = {}) {
        const path =
          (tool in toolCatalogue &&
            (await findTool(tool as ToolName, configuredTools(config)[tool as ToolName], searchPath))) ||
          tool
        const child = await spawnChild({
          tool,
          path,
          args,
          cwd: spawn.cwd ?? cwd,
          searchPath,
          // The proxy's variables come last, so that no engine replaces them.
          env: { ...spawn.env, ...ticket.environment },
          ...(spawn.stdin && { stdin: spawn.stdin }),
          ...(spawn.inputs && { inputs: spawn.inputs }),
          signal: how.signal,
          mark: `${step.id}.${step.attempt}`,
          launcher,
          niceness,
          onSpawn: (record) => rememberChild(pool, { ...record, step, machine }),
        })
        // Tools only say "403" about what the guard has refused; the guard's own words are better. What else went wrong on
        // the way may be no matter: of many addresses on a page one is dead.
        const done = child.done.catch((thrown: unknown) => {
          throw isFault(thrown, 'house.tool-failed') && isFault(ticket.fault, 'link.private') ? ticket.fault : thrown
        })
        done.catch(() => {}) // Whoever does not wait for the end does not want its fault either.
        return { ...child, done }
      },
      async [Symbol.asyncDispose]() {
        ticket[Symbol.dispose]()
      },
    }
  }

  // Before it works itself: what a dead worker's tools still write must not meet another attempt.
  await look()
  // Known before its first claim: a worker that nobody knows is missed by nobody.
  const name = config.workerId ?? machine
  const id = newWorkerId(name)
  const self = (await identify(process.pid)) ?? { pid: process.pid, startTime: '', bootId: '' }
  await register(pool, { ...self, id, machine, roles: parts.roles })
  stack.defer(() => unregister(pool, id).catch(() => {})) // A database that is gone forgets us by itself.
  stack.use(
    startWorker({
      ...parts,
      delivered: parts.metrics.delivered,
      name,
      id,
      secrets,
      outside,
      unseal: (sealed, job) => parts.seal.open(sealed, job),
      seal: (secrets, job) => parts.seal.seal(secrets, job),
    }),
  )
  bus.publish({ kind: 'ready' })
  const timer = setInterval(
    () => void look().catch((error: unknown) => log.warn({ err: error }, 'could not look for dead workers')),
    lookEveryMs,
  )
  stack.defer(() => clearInterval(timer))
  const open = stack.move()
  return {
    reload(next) {
      policy = createGuard({ allow: next.netAllow })
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}
