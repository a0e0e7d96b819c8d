import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '@jackdaw/contract/faults.ts'
import { killGroup } from '#kernel/child/orphans.ts'
import { freeBytes } from '#kernel/files.ts'
import type { Child, Run } from '#pipeline/engine.ts'
import { unsafe } from './faults.ts'
import { measure } from './folder.ts'
import { tooMuch, type Limits, type Spent } from './judge.ts'

/** One archive as it is being unpacked. */
export interface Unpacking {
  /** For people. */
  readonly name: string
  /** Bytes of the archive itself, all parts together. */
  readonly packed: number
  readonly limits: Limits
  /** By this step before. */
  readonly spent: Spent
  readonly run: Run<unknown>
}

/** What the house needs to go on working: below it the disk counts as full. */
const reserve = 256 * 1024 * 1024

/**
 * Waits for a program that unpacks into a folder and stops it when the folder has grown past the limits: what an archive
 * says of itself may be a lie. Its words on stdout are given back. Throws `process.unsafe`, `house.disk-full`.
 */
export async function watched(child: Child, folder: string, unpacking: Unpacking): Promise<string> {
  const said = tail(child)
  const ended = child.done.then(
    () => ({ error: undefined }),
    (error: unknown) => ({ error }),
  )
  for (;;) {
    const begun = performance.now()
    const wrong = await judgeFolder(folder, unpacking)
    if (wrong !== undefined) {
      killGroup(child.pid, 'SIGKILL')
      await ended
      throw wrong
    }
    // Looking may take a while in a folder of many files; it may take a fifth of the time.
    const pause = new AbortController()
    const nap = sleep(Math.max(100, (performance.now() - begun) * 4), 'nap', { signal: pause.signal }).catch(
      () => 'nap',
    )
    const end = await Promise.race([ended, nap])
    pause.abort()
    if (typeof end === 'string') continue
    // It may have been quicker than we look.
    const late = await judgeFolder(folder, unpacking)
    if (late !== undefined) throw late
    if (end.error !== undefined) throw Object.assign(asError(end.error), { said: await said })
    return await said
  }
}

/** `house.disk-full` when so many bytes more would leave too little. */
export async function refuseFull(bytes: number, folder: string): Promise<void> {
  if ((await freeBytes(folder)) - bytes < reserve) throw new Fault('house.disk-full', { path: folder, bytes })
}

async function judgeFolder(folder: string, unpacking: Unpacking): Promise<Fault | undefined> {
  const { entries, bytes, largest } = await measure(folder)
  const { name, limits, spent, run } = unpacking
  run.report({ unit: 'bytes', done: spent.bytes + bytes })
  if (spent.entries + entries > limits.entries) return unsafe(name, `it has more than ${limits.entries} entries`)
  if (limits.fileBytes !== undefined && largest > limits.fileBytes) {
    return unsafe(name, `a file in it has more than ${limits.fileBytes} bytes`)
  }
  const reason = tooMuch(bytes, unpacking)
  if (reason !== undefined) return unsafe(name, reason)
  if ((await freeBytes(folder)) < reserve) return new Fault('house.disk-full', { path: folder })
  return undefined
}

async function tail(child: Child): Promise<string> {
  let text = ''
  try {
    for await (const chunk of child.stdout as AsyncIterable<Buffer>) text = (text + chunk.toString('utf8')).slice(-4096)
  } catch {
    // The program was stopped; `done` says why.
  }
  return text
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
