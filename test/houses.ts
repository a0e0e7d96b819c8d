import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import type { After } from '#test/postgres.ts'

/** A process that has the embedded database of a folder open; see fakes/house.ts. */
export type House = {
  readonly child: ChildProcess
  readonly line: Promise<Record<string, unknown>>
  readonly exited: Promise<unknown[]>
  leave(): Promise<void>
}

/** Killed when `t` ends, unless it has left before. */
export function house(
  t: After,
  dir: string,
  { uid, args = [] }: { uid?: number; args?: readonly string[] } = {},
): House {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fakes/house.ts'), dir, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    ...(uid === undefined ? {} : { uid, gid: uid }),
  })
  const exited = once(child, 'exit')
  t.after(async () => void child.kill('SIGKILL'))
  const line = once(createInterface(child.stdout), 'line').then(([text]) => JSON.parse(String(text)))
  const leave = async () => {
    child.stdin.end()
    await exited
  }
  return { child, line, exited, leave }
}

/** The first row. */
export async function ask(url: string, sql: string): Promise<Record<string, unknown>> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows[0] ?? {}
  } finally {
    await client.end()
  }
}

/** As postmaster.pid has it. */
export async function serverPid(cluster: string): Promise<number> {
  return Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0])
}

/** A zombie is dead: under a process 1 that buries nobody it stays. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return process.platform !== 'linux' || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

export async function command(tool: string, args: string[]): Promise<void> {
  const [code] = await once(spawn(tool, args, { stdio: 'inherit' }), 'exit')
  assert.equal(code, 0, `${tool} ${args.join(' ')}`)
}

/** Whether a user can read this checkout and run its Node. */
export async function canRun(uid: number): Promise<boolean> {
  const program = await readlink(process.execPath).catch(() => process.execPath)
  const child = spawn(program, ['-e', `fs.accessSync(${JSON.stringify(import.meta.filename)})`], { uid, gid: uid })
  const [code] = await once(child, 'exit').catch(() => [1])
  return code === 0
}
