import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** Says which process is meant, also after its number went to another one or the machine was started anew. */
export interface ProcessIdentity {
  readonly pid: number
  /** Opaque; compared, never read. */
  readonly startTime: string
  readonly bootId: string
}

/** The identity of a running process, or undefined when there is none of that number. */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const [startTime, boot] = await Promise.all([startTimeOf(pid), bootId()])
  return startTime === undefined ? undefined : { pid, startTime, bootId: boot }
}

/** Whether the process that was meant is still running. A zombie is not. */
export async function isSame(identity: ProcessIdentity): Promise<boolean> {
  const running = await identify(identity.pid)
  return running?.startTime === identity.startTime && running.bootId === identity.bootId
}

/** Clock ticks since boot on Linux (`proc_pid_stat(5)`, field 22), elsewhere the date that `ps` tells. */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return (await statOf(pid))?.startTime
  const asked = await run('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => undefined)
  return asked?.stdout.trim() || undefined
}

/** Differs after each start of the machine. */
export async function bootId(): Promise<string> {
  if (process.platform === 'linux') return (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim()
  return (await run('sysctl', ['-n', 'kern.bootsessionuuid'])).stdout.trim()
}

/** Group and start of a process of this Linux machine; undefined for a zombie, which is only waiting to be forgotten. */
export async function statOf(pid: number): Promise<{ readonly group: number; readonly startTime: string } | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
  // The command's name stands in brackets and may hold anything, brackets and spaces too.
  const [state, , group, ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  const startTime = fields[16]
  return startTime === undefined || state === 'Z' || state === 'X' ? undefined : { group: Number(group), startTime }
}

const run = promisify(execFile)
