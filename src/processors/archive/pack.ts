import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Transform } from 'node:stream'
import { constants, createGzip, createZstdCompress } from 'node:zlib'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { passwordAnswer, percentages, sevenZipFlags, sevenZipReason } from '#kernel/sevenzip.ts'
import type { Child, Run } from '#pipeline/engine.ts'
import { intoVolumes } from './volumes.ts'

export interface Pack {
  /** Folder with the files, and a file with their names. */
  readonly from: string
  readonly list: string
  /** Empty folder for the archive or its volumes. */
  readonly to: string
  readonly level: number
  /** Of all files. */
  readonly bytes: number
  readonly volumeBytes: number | undefined
}

/** Makes a zip or 7z. */
export async function pack(
  job: Pack,
  format: 'zip' | '7z',
  password: string | undefined,
  run: Run<unknown>,
): Promise<void> {
  // `-p` makes 7zz ask, and stdin answers.
  const zip = ['-tzip', '-mcu=on', '-mtc=off', '-mta=off', ...(password === undefined ? [] : ['-p', '-mem=AES256'])]
  const seven = ['-t7z', ...(password === undefined ? [] : ['-p', '-mhe=on'])]
  const child = await run.spawn(
    '7zz',
    [
      'a',
      ...sevenZipFlags,
      '-bsp1',
      ...(format === 'zip' ? zip : seven),
      `-mx=${job.level}`,
      ...(job.volumeBytes === undefined ? [] : [`-v${job.volumeBytes}b`]),
      `-i@${job.list}`,
      '--',
      join(job.to, `archive.${format}`),
    ],
    { cwd: job.from, ...passwordAnswer(password) },
  )
  for await (const share of percentages(child.stdout)) {
    run.report({ unit: 'bytes', done: Math.round(share * job.bytes), of: job.bytes })
  }
  await ended(child, run)
}

/** Makes a tar, packed on the way; 7zz writes no zstd and would need the whole tar on disk before it packs. */
export async function packTar(job: Pack, format: 'tar' | 'tar.gz' | 'tar.zst', run: Run<unknown>): Promise<void> {
  const child = await run.spawn('7zz', ['a', ...sevenZipFlags, '-ttar', '-so', `-i@${job.list}`, '--', 'archive.tar'], {
    cwd: job.from,
  })
  let done = 0
  const count = new Transform({
    transform(chunk: Buffer, _, next) {
      done += chunk.length
      run.report({ unit: 'bytes', done: Math.min(done, job.bytes), of: job.bytes })
      next(null, chunk)
    },
  })
  const to = intoVolumes(join(job.to, `archive.${format}`), job.volumeBytes)
  try {
    if (format === 'tar') await pipeline(child.stdout, count, to, { signal: run.signal })
    else await pipeline(child.stdout, count, compressor(format, job.level), to, { signal: run.signal })
  } catch (thrown) {
    run.signal.throwIfAborted()
    throw thrown
  }
  await ended(child, run)
}

function compressor(format: 'tar.gz' | 'tar.zst', level: number) {
  if (format === 'tar.gz') return createGzip({ level })
  // zstd has levels to 22; 0 would be its usual one.
  return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: Math.max(1, level * 2) } })
}

async function ended(child: Child, run: Run<unknown>): Promise<void> {
  try {
    await child.done
  } catch (thrown) {
    run.signal.throwIfAborted()
    if (!isFault(thrown, 'house.tool-failed')) throw thrown
    const reason = sevenZipReason(thrown)
    if (/No space left|errno=28/i.test(String(thrown.facts['reason']))) {
      throw new Fault('house.disk-full', {}, { cause: thrown })
    }
    throw new Fault('process.failed', { reason }, { cause: thrown })
  }
}
