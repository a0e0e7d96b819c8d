import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { watch } from '#pipeline/watch.ts'
import { benchJob, openBenchHouse } from './house.ts'
import type { BenchServer } from './server.ts'
import { quantile } from './quantile.ts'

type Say = (line: string) => void

/** From the wish until its first step runs, on a house that has nothing else to do; here and by a worker in another process. */
export async function measurePickUp(server: BenchServer, say: Say, count = 200): Promise<void> {
  for (const where of ['in the same process', 'in another process'] as const) {
    let begun: ((at: number) => void) | undefined
    const url = await server.fresh()
    const data = join(server.folder, `pick-up-${where.length}`)
    const onResolve = () => begun?.(now())
    await using house = await openBenchHouse({ url, data, onResolve })
    const holder = where === 'in another process' ? await hold(url, data) : undefined
    if (!holder) await house.work()
    const took: number[] = []
    for (let index = 0; index < count; index++) {
      await sleep(20 + (index % 50))
      const running = Promise.withResolvers<number>()
      begun = running.resolve
      const job = benchJob(`https://example.org/${index}`)
      const from = now()
      await house.queue.startJobs('owner', undefined, [job])
      house.bus.publish({ kind: 'ready' })
      house.bus.publish({ kind: 'events', jobs: [job.id] })
      took.push((holder ? await startedAt(house.pool, job.id) : await running.promise) - from)
      // What holds would fill the slots.
      if (holder)
        await house.queue.ask(job.id, 'cancel').then(() => house.bus.publish({ kind: 'asked', jobs: [job.id] }))
    }
    holder?.kill('SIGKILL')
    say(
      `wish to first running step, ${where}: p50 ${quantile(took, 0.5)} ms, p99 ${quantile(took, 0.99)} ms, most ${quantile(took, 1)} ms (${count})`,
    )
  }
}

/** When the database wrote that the first step of the job began. */
async function startedAt(pool: Pool, job: string): Promise<number> {
  for (;;) {
    const { rows } = await pool.query<{ ms: number }>(
      `select extract(epoch from at) * 1000.0::float8 as ms from events where job_id = $1 and type = 'step.started' limit 1`,
      [job],
    )
    if (rows[0]) return Number(rows[0].ms)
    await sleep(2)
  }
}

/** What fifty watchers cost that watch nothing happen. */
export async function measureIdleWatchers(server: BenchServer, say: Say, watchers = 50, seconds = 10): Promise<void> {
  const house = await openBenchHouse({ url: await server.fresh(), data: join(server.folder, 'watchers') })
  await house.work()
  const cost = async () => {
    const [node, database] = [process.cpuUsage(), server.cpuMs()]
    await sleep(seconds * 1000)
    const { user, system } = process.cpuUsage(node)
    return { node: (user + system) / 1000 / seconds, database: (server.cpuMs() - database) / seconds }
  }
  const without = await cost()
  const stop = new AbortController()
  const ended = Array.from({ length: watchers }, async () => {
    for await (const _ of watch({ pool: house.pool, bus: house.bus, since: undefined, signal: stop.signal }));
  })
  await sleep(500)
  const withThem = await cost()
  stop.abort()
  await Promise.all(ended)
  await house[Symbol.asyncDispose]()
  const line = ({ node, database }: typeof without) =>
    `node ${node.toFixed(1)} + postgres ${database.toFixed(1)} ms of CPU per second`
  say(`idle house: ${line(without)}; with ${watchers} idle watchers: ${line(withThem)}`)
}

/** From kill -9 of a worker until its step runs again in another one on the same machine. */
export async function measureDeath(server: BenchServer, say: Say): Promise<void> {
  const url = await server.fresh()
  const data = join(server.folder, 'death')
  const holder = await hold(url, data)
  const house = await openBenchHouse({ url, data })
  const job = benchJob('https://example.org/death')
  await house.queue.startJobs('owner', undefined, [job])
  house.bus.publish({ kind: 'ready' })
  const fetching = async (attempt: number) => {
    for (;;) {
      const { rows } = await house.pool.query(
        `select 1 from steps where job_id = $1 and kind = 'fetch' and attempt >= $2 and state in ('running', 'done')`,
        [job.id, attempt],
      )
      if (rows.length > 0) return
      await sleep(10)
    }
  }
  await fetching(1)
  await house.work()
  holder.kill('SIGKILL')
  const from = performance.now()
  await fetching(2)
  say(`a worker killed with -9: its step runs elsewhere after ${((performance.now() - from) / 1000).toFixed(1)} s`)
  await house[Symbol.asyncDispose]()
}

async function hold(url: string, data: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'holder.ts'), url, data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

function now(): number {
  return performance.timeOrigin + performance.now()
}
