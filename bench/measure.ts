import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Seconds of wall and processor (user and system, children included), peak resident memory of the largest process. */
export interface Cost {
  readonly wall: number
  readonly cpu: number
  readonly mib: number
}

export interface Contender {
  readonly name: string
  /** The command; ours has the name `jackdaw…`. */
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Before each round, not measured. */
  readonly prepare?: () => Promise<void>
  /** Where the command leaves its own account of the work without its start, as JSON: a resident process pays that once. */
  readonly inner?: string
  /** After each round, not measured: throws when the result is wrong. */
  readonly check: () => Promise<void>
}

/** Runs a command under GNU time. Throws when it fails. */
export async function cost(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Cost> {
  const file = join(tmpdir(), `bench-${process.pid}.time`)
  const started = performance.now()
  const child = spawn('/usr/bin/time', ['-o', file, '-f', '%U %S %M', ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...env },
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  const wall = (performance.now() - started) / 1000
  const text = await readFile(file, 'utf8')
  await rm(file)
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}`)
  const [user = 0, system = 0, kib = 0] = text.trim().split('\n').at(-1)?.split(' ').map(Number) ?? []
  return { wall, cpu: user + system, mib: kib / 1024 }
}

/** Runs all contenders in turn, `rounds` times, after one round that is not counted; medians. */
export async function compare(contenders: readonly Contender[], rounds: number): Promise<Map<string, Cost>> {
  const costs = new Map<string, Cost[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, command, env, prepare, check, inner } of contenders) {
      await prepare?.()
      const seen = await cost(command, env)
      await check()
      if (round === 0) continue
      costs.get(name)?.push(seen)
      if (inner === undefined) continue
      const resident = `${name}, resident`
      const all = costs.get(resident) ?? []
      all.push(JSON.parse(await readFile(inner, 'utf8')) as Cost) // written by our own program
      costs.set(resident, all)
    }
  }
  const medians = new Map<string, Cost>()
  for (const [name, all] of costs) {
    const of = (key: keyof Cost) => median(all.map((each) => each[key]))
    medians.set(name, { wall: of('wall'), cpu: of('cpu'), mib: of('mib') })
  }
  return medians
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** A table of medians; ratios are ours by each peer's, wall and processor. */
export function print(title: string, costs: ReadonlyMap<string, Cost>): void {
  const lines = [`\n${title}`]
  for (const [name, { wall, cpu, mib }] of costs) {
    const cells = [`${wall.toFixed(2)} s`, `cpu ${cpu.toFixed(2)} s`, `${mib.toFixed(0)} MiB`]
    const ratios = [...costs]
      .filter(([peer]) => name.startsWith('jackdaw') && !peer.startsWith('jackdaw'))
      .map(([peer, other]) => `${(wall / other.wall).toFixed(2)}/${(cpu / other.cpu).toFixed(2)} × ${peer}`)
    lines.push(`  ${name.padEnd(22)}${cells.map((cell) => cell.padStart(12)).join('')}  ${ratios.join(', ')}`)
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}
