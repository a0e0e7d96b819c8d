// One contender of the throughput bench: `peer.mjs FOLDER NAME URL JOBS`. Three jobs in a chain that do nothing, sixteen at
// once, each queued by the one before it, as chains are made there. Prints one line of JSON. JavaScript, for the types of
// packages that are only there during a bench are not.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [, , folder, name, url, count] = process.argv
const jobs = Number(count)
const load = async (module) =>
  import(pathToFileURL(createRequire(`${folder}/`).resolve(module)).href).catch(() =>
    createRequire(`${folder}/`)(module),
  )
const chain = ['first', 'second', 'third']
let left = jobs
const all = Promise.withResolvers()
const ended = () => --left === 0 && all.resolve()

const contenders = {
  // Fetched and completed by hand: its `work` polls twice a second where a batch leaves no room to sleep less.
  async 'pg-boss'() {
    const { PgBoss } = await load('pg-boss')
    const boss = new PgBoss({ connectionString: url, max: 30, supervise: false, schedule: false })
    boss.on('error', (error) => process.stderr.write(`${error}\n`))
    await boss.start()
    for (const queue of chain) await boss.createQueue(queue)
    const from = performance.now()
    for (let at = 0; at < jobs; at += 1000)
      await boss.insert(
        'first',
        Array.from({ length: Math.min(1000, jobs - at) }, (_, index) => ({ data: { n: at + index } })),
      )
    const queued = performance.now()
    const loop = async (index) => {
      for (;;) {
        if (left <= 0) return
        const found = await boss.fetch(chain[index])
        if (found.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
        for (const job of found) {
          if (chain[index + 1]) await boss.send(chain[index + 1], job.data)
          await boss.complete(chain[index], job.id)
          if (!chain[index + 1]) ended()
        }
      }
    }
    // The first queue gets fewer loops, so that the chain flows.
    const loops = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2].map(loop)
    await Promise.all([all.promise, ...loops])
    return { enqueueMs: queued - from, workMs: performance.now() - queued }
  },
  async 'graphile-worker'() {
    const { run, makeWorkerUtils, Logger } = await load('graphile-worker')
    const logger = new Logger(() => () => {})
    const utils = await makeWorkerUtils({ connectionString: url, logger })
    await utils.migrate()
    const from = performance.now()
    const addAll = `select graphile_worker.add_job('first', json_build_object('n', n)) from generate_series(1, $1::int) n`
    await utils.withPgClient((client) => client.query(addAll, [jobs]))
    const queued = performance.now()
    const runner = await run({
      connectionString: url,
      logger,
      concurrency: 16,
      maxPoolSize: 30,
      noHandleSignals: true,
      pollInterval: 500,
      taskList: {
        first: async (payload, { addJob }) => void (await addJob('second', payload)),
        second: async (payload, { addJob }) => void (await addJob('third', payload)),
        third: async () => void ended(),
      },
    })
    await all.promise
    const done = performance.now()
    await runner.stop()
    return { enqueueMs: queued - from, workMs: done - queued }
  },
}

const times = await contenders[name]()
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
process.stdout.write(
  `${JSON.stringify({ ...times, cpuMs: (userCPUTime + systemCPUTime) / 1000, peakMiB: maxRSS / 1024 })}\n`,
  () => process.exit(0),
)
