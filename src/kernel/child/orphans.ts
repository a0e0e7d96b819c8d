import { readdir, readFile } from 'node:fs/promises'
import { isSame, statOf, type ProcessIdentity } from './identity.ts'

/** The variable that names the step in the environment of its processes, grandchildren too. */
export const markName = 'JACKDAW_STEP'

/** What is stored of a child right after its spawn. */
export interface ChildRecord extends ProcessIdentity {
  /** As given to `spawnChild`. Must name the attempt too: another worker may be at the same step again. */
  readonly mark: string
}

/**
 * Kills what a dead house has left on this machine: the groups of the recorded children, and every process that carries
 * one of their marks, whatever group it has moved to (Linux; elsewhere the group only). Safe to repeat. Returns the
 * numbers of the processes and groups that were killed. Never call it for a step that may still be running.
 */
export async function sweepOrphans(records: readonly ChildRecord[]): Promise<readonly number[]> {
  const killed = new Set<number>()
  for (const record of records) {
    // Only while the leader lives is its number surely still that of the group; without it the marks tell.
    if ((await isSame(record)) && killGroup(record.pid, 'SIGKILL')) killed.add(record.pid)
  }
  const marks = new Set(records.map(({ mark }) => mark))
  // What forks between the look and the kill is found by the next look; five looks outlast anything but a fork bomb.
  for (let looks = 0; looks < 5; looks++) {
    const found = await marked(marks)
    if (found.length === 0) break
    for (const pid of found) if (kill(pid, 'SIGKILL')) killed.add(pid)
  }
  return [...killed]
}

/** Processes of this machine whose environment carries one of the marks; empty where there is no /proc. */
export async function marked(marks: ReadonlySet<string>): Promise<readonly number[]> {
  if (marks.size === 0) return []
  const pids = (await running()).filter((pid) => pid !== process.pid)
  const found = await Promise.all(
    pids.map(async (pid) => {
      // Not ours to read, or gone: then it is not ours to kill either. A zombie's environment is empty.
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      const entry = environment.split('\0').find((line) => line.startsWith(`${markName}=`))
      return entry !== undefined && marks.has(entry.slice(markName.length + 1)) ? [pid] : []
    }),
  )
  return found.flat()
}

/**
 * Whether a group has a member that still runs. Zombies answer to signals too, and where the first process of a
 * container reaps them late they would keep a dead group alive for seconds.
 */
export async function groupLives(group: number): Promise<boolean> {
  if (!killGroup(group, 0)) return false
  if (process.platform !== 'linux') return true
  const stats = await Promise.all((await running()).map(statOf))
  return stats.some((stat) => stat?.group === group)
}

/** Numbers of all processes; none where there is no /proc. */
async function running(): Promise<readonly number[]> {
  const names = await readdir('/proc').catch(() => [])
  return names.map(Number).filter((pid) => pid > 1)
}

/** Sends a signal to every process of a group (0 only asks); false when the group is gone. */
export const killGroup = (pid: number, signal: NodeJS.Signals | 0): boolean => kill(-pid, signal)

function kill(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false
    // macOS says EPERM for a group of zombies.
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return false
    throw error
  }
}
