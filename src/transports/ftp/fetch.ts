import { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { Client } from 'basic-ftp'
import { front } from '#kernel/landing/intervals.ts'
import type { Landing, Positions } from '#kernel/landing/landing.ts'
import type { Run } from '#pipeline/engine.ts'
import { ftpFault } from './faults.ts'
import { openSession, pathOf } from './session.ts'

export type FtpOptions = JobOptions & JobSecrets

const pausesMs = [100, 500, 2000] as const
const progressBytes = 64 * 1024

/** Tries until everything is there or a few tries in a row brought nothing. */
export async function fetchAll(
  url: URL,
  options: FtpOptions,
  run: Run<Positions>,
  landing: Landing,
  stallMs: number,
): Promise<number> {
  for (let [failures, best] = [0, landing.bytes]; ;) {
    run.signal.throwIfAborted()
    try {
      return await fetchOnce(url, options, run, landing, stallMs)
    } catch (error) {
      run.signal.throwIfAborted()
      const fault = ftpFault(error, stallMs)
      failures = landing.bytes - best >= progressBytes ? 0 : failures + 1
      best = Math.max(best, landing.bytes)
      const pause = pausesMs[Math.max(0, failures - 1)]
      const passing = isFault(fault, 'source.broken', 'source.truncated', 'source.stalled', 'source.unreachable')
      if (!passing || pause === undefined || landing.bytes === 0) throw fault
      await sleep(pause, undefined, { signal: run.signal })
    }
  }
}

async function fetchOnce(
  url: URL,
  options: FtpOptions,
  run: Run<Positions>,
  landing: Landing,
  stallMs: number,
): Promise<number> {
  const client = new Client(stallMs)
  const abort = () => client.close()
  run.signal.addEventListener('abort', abort, { once: true })
  try {
    await openSession(client, url, options, run)
    const path = pathOf(url)
    const bytes = await client.size(path)
    if (options.maxBytes !== undefined && bytes > options.maxBytes) {
      throw new Fault('quota.file-size', { bytes, limit: options.maxBytes })
    }
    const changedAt = await client.lastMod(path).catch(() => undefined) // MDTM is optional (RFC 3659)
    const version = { bytes, ...(changedAt === undefined ? {} : { lastModified: changedAt.toUTCString() }) }
    const same = landing.version?.bytes === bytes && landing.version.lastModified === version.lastModified
    if (!same) await landing.restart(version)
    const at = front(landing.have)
    if (at < bytes || bytes === 0) await client.downloadTo(intoLanding(landing, run, at, bytes), path, at)
    if (front(landing.have) < bytes) {
      throw new Fault('source.truncated', { bytes: front(landing.have), expected: bytes })
    }
    return bytes
  } finally {
    run.signal.removeEventListener('abort', abort)
    client.close()
  }
}

/** Where the data connection is piped to: in order, with the pauses of the bandwidth limit. */
function intoLanding(landing: Landing, run: Run<Positions>, from: number, total: number): Writable {
  let at = from
  const put = async (chunk: Buffer, done: (error?: Error) => void): Promise<void> => {
    let fault: Error | undefined
    try {
      if (at + chunk.length > total) throw new Fault('source.broken', { reason: 'it sends more bytes than it said' })
      await landing.write(chunk, at)
      at += chunk.length
      run.report({ unit: 'bytes', done: at, of: total })
      const pause = run.charge(chunk.length)
      if (pause > 0) await sleep(pause, undefined, { signal: run.signal })
    } catch (error) {
      fault = error instanceof Error ? error : new Error('the write failed', { cause: error })
    }
    done(fault)
  }
  return new Writable({ highWaterMark: 1024 * 1024, write: (chunk: Buffer, _, done) => void put(chunk, done) })
}
