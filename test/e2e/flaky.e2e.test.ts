import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { JobDetail } from '@jackdaw/contract/nouns/job.ts'
import { Site } from '#test/fakes/site/site.ts'
import { installation } from '#test/jackdaw.ts'

const count = 1000
const bytes = 6000

/** What the n-th link does, and how its job has to end: with the file, or with this fault. */
const ways: readonly { readonly query: string; readonly fault?: string }[] = [
  { query: '' },
  { query: 'drop=2500&times=2' },
  { query: 'fail=429&retryafter=1&times=1' },
  { query: 'fail=500&times=1' },
  { query: 'latency=60&rate=60000' },
  { query: 'ranges=off&drop=2500&times=2' },
  { query: 'chunked=1' },
  { query: 'ranges=offset&drop=2500&times=2' },
  { query: 'fail=404', fault: 'source.gone' },
  { query: 'fail=410', fault: 'source.gone' },
  { query: 'fail=403', fault: 'source.denied' },
  { query: 'fail=503&times=1' },
  { query: 'ranges=same' },
  { query: 'length=none' },
  { query: 'redirects=2' },
  { query: 'short=700&times=1' },
]

test(`${count} links of a flaky site, from a list: all end as they should, and memory stays flat`, async (t) => {
  await using site = await Site.start()
  const many = {
    JACKDAW_LIMIT_FETCH: '24',
    JACKDAW_LIMIT_RESOLVE: '24',
    JACKDAW_LIMIT_PER_SITE: '48',
    JACKDAW_LIMIT_PER_ACCOUNT: '48',
  }
  const house = installation(t, many)
  const wants = Array.from({ length: count }, (_, n) => {
    const way = ways[n % ways.length] ?? { query: '' }
    const name = `file-${String(n).padStart(4, '0')}.bin`
    return { ...way, seed: n % 5, name, link: site.file(bytes, `${way.query}&seed=${n % 5}&n=${n}`, name) }
  })
  const list = join(house.folder, 'list.txt')
  writeFileSync(list, `# a thousand\n${wants.map(({ link, name }) => `${name}: ${link}\n`).join('')}`)

  const run = house.run(['get', '--list', list, '--out', 'out', '--json'])
  const memory: number[] = []
  const sampling = setInterval(() => memory.push(residentMiB(run.pid)), 250)
  t.after(() => clearInterval(sampling))
  const exit = await run.exit
  clearInterval(sampling)

  const lines = run.json()
  const jobs = new Map<string, JobDetail>()
  for (const line of lines) if ('receipts' in line) jobs.set(String(line['link']), line as unknown as JobDetail)
  assert.equal(jobs.size, count, run.err())
  const wrong = wants.flatMap(({ link, fault, name }) => {
    const job = jobs.get(link)
    const found = job?.state === 'done' ? undefined : (job?.fault?.code ?? job?.state)
    return found === fault ? [] : [`${name} ${link}: ${found} instead of ${fault ?? 'done'}`]
  })
  assert.deepEqual(wrong, [])
  // The first in the list that is not done speaks for all: 404 at place 8.
  assert.equal(exit, 66, run.err())

  const digests = [0, 1, 2, 3, 4].map((seed) => site.content.sha256(bytes, seed))
  const whole = wants.filter(({ fault }) => fault === undefined)
  assert.deepEqual(readdirSync(join(house.folder, 'out')).toSorted(), whole.map(({ name }) => name).toSorted())
  for (const { name, seed } of whole) assert.equal(sha256(join(house.folder, 'out', name)), digests[seed], name)
  assert.deepEqual(house.processes(), [])

  // What failed keeps what it had for a day, for somebody may try again; nothing else stays.
  const failed = new Set([...jobs.values()].filter(({ state }) => state === 'failed').map(({ id }) => id))
  assert.deepEqual(
    readdirSync(join(house.data, 'scratch')).filter((job) => !failed.has(job)),
    [],
  )

  const seen = memory.filter((mib) => mib > 0)
  const mean = (some: readonly number[]) => some.reduce((sum, mib) => sum + mib, 0) / some.length
  // The first fifth is start and warming up.
  const warm = seen.slice(Math.floor(seen.length / 5))
  const third = Math.floor(warm.length / 3)
  const [first, last, peak] = [mean(warm.slice(0, third)), mean(warm.slice(-third)), Math.max(...seen)]
  t.diagnostic(`resident: ${first.toFixed(0)} MiB early, ${last.toFixed(0)} MiB late, ${peak.toFixed(0)} MiB at most`)
  assert.ok(peak < 350, `${peak} MiB`)
  assert.ok(last < first + 60, `from ${first} to ${last} MiB`)
})

/** 0 once the process is gone. */
function residentMiB(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

function sha256(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
