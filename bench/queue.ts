import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { measureBacklog } from './queue/backlog.ts'
import { measureDeath, measureIdleWatchers, measurePickUp } from './queue/idle.ts'
import { fetchPeers } from './queue/peers.ts'
import { benchServer, type BenchServer } from './queue/server.ts'

/**
 * `npm run bench -- queue [--rounds 5] [--jobs 1000] [--backlog 100000] [--only throughput,idle,backlog]`: the queue on the
 * embedded PostgreSQL with the settings of a house (every commit waits for the disk), beside pg-boss and graphile-worker.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      jobs: { type: 'string', default: '1000' },
      backlog: { type: 'string', default: '100000' },
      only: { type: 'string', default: 'throughput,idle,backlog' },
    },
  })
  await using server = await benchServer()
  const parts: Readonly<Record<string, () => Promise<void>>> = {
    throughput: () => throughput(server, Number(values.rounds), Number(values.jobs)),
    async idle() {
      await measurePickUp(server, say)
      await measureIdleWatchers(server, say)
      await measureDeath(server, say)
    },
    backlog: () => measureBacklog(server, Number(values.backlog), say),
  }
  for (const [name, part] of Object.entries(parts)) {
    if (!values.only.split(',').includes(name)) continue
    say(`\n${name} (${load()})`)
    await part()
    say(`(${load()})`)
  }
}

const say = (line: string) => void process.stdout.write(`${line}\n`)
const load = () =>
  `load ${loadavg()
    .map((one) => one.toFixed(1))
    .join(' ')}`

interface Outcome {
  readonly enqueueMs: number
  readonly workMs: number
  readonly cpuMs: number
  readonly peakMiB: number
  readonly serverMs: number
}

/** Jobs of three steps that do nothing: all contenders in turn, each round on fresh databases of one server. */
async function throughput(server: BenchServer, rounds: number, jobs: number): Promise<void> {
  const peers = await fetchPeers(say)
  const contenders: Record<string, (url: string, round: number) => string[]> = {
    jackdaw: (url, round) => ['ours.ts', url, String(jobs), '--data', join(server.folder, `ours-${round}`)],
  }
  if (peers)
    for (const name of ['pg-boss', 'graphile-worker'])
      contenders[name] = (url) => ['peer.mjs', peers, name, url, String(jobs)]
  const outcomes = new Map<string, Outcome[]>(Object.keys(contenders).map((name) => [name, []]))
  for (let round = 1; round <= rounds; round++)
    for (const [name, args] of Object.entries(contenders))
      outcomes.get(name)?.push(await attempt(server, args(await server.fresh(), round)))
  const best = (name: string, of: (one: Outcome) => number) => median((outcomes.get(name) ?? []).map(of))
  const ours = best('jackdaw', ({ workMs }) => workMs)
  say(`median of ${rounds} rounds in turn, ${jobs} jobs of three steps, 16 steps of a kind at once`)
  for (const [name, all] of outcomes) {
    const work = best(name, ({ workMs }) => workMs)
    say(
      [
        name.padEnd(16),
        `${((jobs / work) * 1000).toFixed(0)} jobs/s (${all.map(({ workMs }) => ((jobs / workMs) * 1000).toFixed(0)).join(' ')})`,
        `${(work / ours).toFixed(2)} x our time`,
        `CPU ms/job: node ${(best(name, ({ cpuMs }) => cpuMs) / jobs).toFixed(2)} + postgres ${(best(name, ({ serverMs }) => serverMs) / jobs).toFixed(2)}`,
        `peak ${best(name, ({ peakMiB }) => peakMiB).toFixed(0)} MiB`,
      ].join('  '),
    )
  }
}

async function attempt(server: BenchServer, [program = '', ...args]: string[]): Promise<Outcome> {
  const before = server.cpuMs()
  const child = spawn(process.execPath, [join(import.meta.dirname, 'queue', program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${program} ended with ${code}`)
  return { ...(JSON.parse(out) as Omit<Outcome, 'serverMs'>), serverMs: server.cpuMs() - before }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}
