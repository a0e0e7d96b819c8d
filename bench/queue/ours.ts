import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { benchJob, openBenchHouse } from './house.ts'

// One contender of the throughput bench: `ours.ts URL JOBS --data DIR`. Prints one line of JSON.
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { data: { type: 'string', default: '' } },
})
const [url = '', count = '1000'] = positionals
const jobs = Number(count)
const house = await openBenchHouse({ url, data: values.data })
const wishes = Array.from({ length: jobs }, (_, index) => benchJob(`https://example.org/${index}`))
const from = performance.now()
for (let at = 0; at < jobs; at += 1000) await house.queue.startJobs('owner', undefined, wishes.slice(at, at + 1000))
const queued = performance.now()
const ended = new EventTarget()
let left = jobs
house.bus.subscribe((message) => {
  if (message.kind === 'ended') left -= message.jobs.length
  if (left === 0) ended.dispatchEvent(new Event('all'))
})
const all = once(ended, 'all')
await house.work()
await all
const done = performance.now()
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
const { rows } = await house.pool.query<{ done: number; receipts: number; events: number }>(
  `select (select count(*) from jobs where state = 'done') as done, (select count(*) from receipts) as receipts,
    (select count(*) from events) as events`,
)
const [row] = rows
if (row?.done !== jobs || row.receipts !== jobs) throw new Error(`not all is done: ${JSON.stringify(row)}`)
writeSync(
  1,
  `${JSON.stringify({
    enqueueMs: queued - from,
    workMs: done - queued,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    peakMiB: maxRSS / 1024,
    events: row.events,
  })}\n`,
)
await house[Symbol.asyncDispose]()
process.exit(0)
