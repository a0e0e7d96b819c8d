import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { openEmbedded } from '#db/embedded.ts'
import { createLog } from '#kernel/log.ts'

export interface BenchServer extends AsyncDisposable {
  readonly folder: string
  /** URL of a fresh empty database. */
  fresh(): Promise<string>
  /** CPU time of the server with all its processes so far, ms; 0 where /proc is missing. */
  cpuMs(): number
  /** Sum of its processes' own memory (proportional set size), MiB; 0 where /proc is missing. */
  memoryMiB(): number
}

/** The embedded PostgreSQL with the settings of a house (fsync, synchronous commit), in a folder of its own. */
export async function benchServer(settings: Readonly<Record<string, string>> = {}): Promise<BenchServer> {
  const folder = await mkdtemp('/tmp/jackdaw-bench-')
  await chmod(folder, 0o755)
  const server = await openEmbedded({ dir: join(folder, 'pg'), log: createLog({ level: 'error' }), settings })
  const pid = Number(readFileSync(join(server.cluster, 'postmaster.pid'), 'utf8').split('\n')[0])
  const tick = await ticksPerSecond()
  let count = 0
  return {
    folder,
    async fresh() {
      const name = `bench_${++count}`
      const client = new Client({ connectionString: server.url })
      await client.connect()
      await client.query(`create database ${name}`)
      await client.query('checkpoint')
      await client.end()
      const url = new URL(server.url)
      url.pathname = `/${name}`
      return url.href
    },
    cpuMs: () => (family(pid).reduce((sum, one) => sum + one.ticks, 0) / tick) * 1000,
    memoryMiB: () => family(pid).reduce((sum, one) => sum + proportionalKiB(one.pid), 0) / 1024,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The postmaster and its children. What ended children used is in the postmaster's account. */
function family(postmaster: number): { pid: number; ticks: number }[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => ({ pid: Number(name), stat: statOf(name) }))
      .filter(({ pid, stat }) => pid === postmaster || Number(stat[1]) === postmaster)
      .map(({ pid, stat }) => {
        const [utime = 0, stime = 0, cutime = 0, cstime = 0] = stat.slice(11, 15).map(Number)
        return { pid, ticks: utime + stime + cutime + cstime }
      })
  } catch {
    return [] // Not a Linux: the figure is left out.
  }
}

/** Fields of proc_pid_stat(5) from the third, the state, on. */
function statOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  } catch {
    return [] // It has ended meanwhile.
  }
}

function proportionalKiB(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0 // It has ended meanwhile, or belongs to somebody whose memory we may not see.
  }
}

async function ticksPerSecond(): Promise<number> {
  const { stdout } = await promisify(execFile)('getconf', ['CLK_TCK']).catch(() => ({ stdout: '100' }))
  return Number(stdout)
}
