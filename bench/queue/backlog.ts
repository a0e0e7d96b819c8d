import { join } from 'node:path'
import { findJobs, listJobs, type ListFilter } from '#app/jobs/store.ts'
import { newId } from '#kernel/ids.ts'
import { benchJob, benchLimits, openBenchHouse, type BenchHouse } from './house.ts'
import { quantile } from './quantile.ts'
import type { BenchServer } from './server.ts'

const accounts = 1000

/** A queue of many jobs of a thousand accounts: admission, lists, memory; and the same with a hundredth of them. */
export async function measureBacklog(server: BenchServer, jobs: number, say: (line: string) => void): Promise<void> {
  for (const size of [jobs / 100, jobs]) {
    await using house = await openBenchHouse({
      url: await server.fresh(),
      data: join(server.folder, `backlog-${size}`),
    })
    const { pool, queue } = house
    await pool.query(
      `insert into accounts (id, name, role) select 'a' || n, 'a' || n, 'member' from generate_series(1, $1::int) n`,
      [accounts],
    )
    const batch = newId()
    await pool.query(
      `insert into batches (id, account_id, name, wish_key) values ($1, 'owner', 'ten thousand lines', '')`,
      [batch],
    )
    const before = performance.now()
    for (let account = 1; account <= accounts; account++) {
      const wishes = Array.from({ length: size / accounts }, (_, index) =>
        benchJob(`https://site${(account + index) % 200}.example.org/film-${account}-${index}`, {
          site: `site${(account + index) % 200}`,
        }),
      )
      await queue.startJobs(`a${account}`, undefined, wishes)
    }
    say(`${size} jobs of ${accounts} accounts queued in ${((performance.now() - before) / 1000).toFixed(1)} s`)
    await admission(house, say)
    await lists(house, say)
    if (size === jobs) await lines(house, batch, say)
    say(
      `this process ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB resident, PostgreSQL ${server.memoryMiB().toFixed(0)} MiB`,
    )
  }
}

/** What the next step costs: one step ends, one is admitted and claimed, while all other slots are taken. */
async function admission({ pool, queue }: BenchHouse, say: (line: string) => void): Promise<void> {
  await pool.query(
    `insert into workers (id, machine, pid, boot_id, start_time, roles) values ('w', 'bench', 1, '', '', '{worker}')`,
  )
  const limits = { ...benchLimits, perAccount: 3, perSite: 4 }
  const slots = { resolve: 16, fetch: 16, process: 16, deliver: 16 }
  const first = await timed(() => queue.take('w', 'bench', slots, limits))
  const running = [...first.answer.steps]
  const took: number[] = []
  const alone: number[] = []
  for (let index = 0; index < 300; index++) {
    const step = running.shift()
    if (step) await queue.finish(step, { output: [], title: 'x', validators: null, plan: [] })
    const admit = index % 2 === 0 ? await timed(() => queue.admit(limits)) : undefined
    if (admit) alone.push(admit.ms)
    const next = await timed(() => queue.take('w', 'bench', slots, limits))
    if (!admit) took.push(next.ms)
    running.push(...next.answer.steps)
  }
  say(
    `  first admission of ${first.answer.steps.length}: ${first.ms.toFixed(1)} ms; of the next one: p50 ${quantile(alone, 0.5)}, p99 ${quantile(alone, 0.99)} ms; with its claim and commit p50 ${quantile(took, 0.5)}, p99 ${quantile(took, 0.99)} ms`,
  )
}

async function lists({ pool }: BenchHouse, say: (line: string) => void): Promise<void> {
  const { rows } = await pool.query<{ id: string }>(
    'select id from jobs order by id offset (select count(*) / 2 from jobs) limit 1',
  )
  const filters: Record<string, Omit<ListFilter, 'limit'>> = {
    all: { account: undefined },
    'of an account': { account: 'a7' },
    open: { account: undefined, state: 'open' },
    failed: { account: undefined, state: 'failed' },
    done: { account: undefined, state: 'done' },
    'from the middle': { account: undefined, before: rows[0]?.id },
    'search, frequent': { account: undefined, search: 'film' },
    'search, one': { account: undefined, search: 'film-500-0' },
    'search, none': { account: undefined, search: 'nothing like it' },
    'no such batch': { account: undefined, batch: 'none' },
  }
  const lines: string[] = []
  for (const [name, filter] of Object.entries(filters)) {
    const took: number[] = []
    for (let index = 0; index < 11; index++) took.push((await timed(() => listJobs(pool, { ...filter, limit: 51 }))).ms)
    lines.push(`${name} ${quantile(took, 0.5)}`)
  }
  say(`  first page of a list, ms: ${lines.join(', ')}`)
}

/** A list file of ten thousand lines, as `jobs.startMany` writes and answers it. */
async function lines({ pool, queue }: BenchHouse, batch: string, say: (line: string) => void): Promise<void> {
  const wishes = Array.from({ length: 10_000 }, (_, index) => benchJob(`https://lines.example.org/${index}`))
  const started = await timed(() => queue.startJobs('owner', { id: batch, strict: false }, wishes))
  const found = await timed(() =>
    findJobs(
      pool,
      wishes.map(({ id }) => id),
    ),
  )
  const page = await timed(() => listJobs(pool, { account: undefined, batch, limit: 51 }))
  say(
    `  10,000 lines: queued in ${started.ms.toFixed(0)} ms, read back in ${found.ms.toFixed(0)} ms (${found.answer.length}), first page ${page.ms.toFixed(1)} ms`,
  )
}

async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; answer: T }> {
  const from = performance.now()
  const answer = await work()
  return { ms: performance.now() - from, answer }
}
