import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writing } from '#kernel/file-faults.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import type { Unpacked } from './folder.ts'
import type { Spent } from './judge.ts'
import { apart, flatNames } from './names.ts'
import { ExtractOptions } from './options.ts'
import { archivesIn, isPacked } from './parts.ts'
import { unpackSet } from './unpack.ts'

/**
 * Unpacks archives, those of several parts too. Only regular files come out, under names of ours; links, devices and
 * rights do not. Throws `process.password`, `process.broken`, `process.unsafe` (which names what was wrong), and nothing
 * comes out then.
 */
export const extract: Processor<ExtractOptions, unknown> = {
  name: 'extract',
  title: 'What is in zip, 7z, rar, tar, gz, bz2, xz, zst and iso files',
  tools: ['7zz'],
  options: ExtractOptions,
  checkpoint: z.unknown(),
  accepts: isPacked,
  async process(assets, options, run) {
    run.signal.throwIfAborted()
    const base = join(run.dir, 'extract')
    await rm(base, { recursive: true, force: true })
    const limits = {
      entries: options.entries,
      bytes: options.totalBytes,
      fileBytes: options.maxBytes,
      ratio: options.ratio,
    }
    const spent: Spent = { entries: 0, bytes: 0 }
    try {
      return await writing(base, 'house', async () => {
        const how = { nested: options.nested, password: options.archivePassword, limits, spent, run, base }
        const names: string[] = []
        const files: Unpacked[] = []
        for (const set of archivesIn(assets)) {
          const found = await unpackSet(set, how)
          files.push(...found)
          names.push(...flatNames(found.map(({ name }) => name)))
        }
        const made = await keepAll(files, names, run)
        return options.original === 'keep' ? [...assets, ...made] : made
      })
    } catch (thrown) {
      await rm(base, { recursive: true, force: true })
      throw thrown
    }
  },
}

async function keepAll(files: readonly Unpacked[], names: readonly string[], run: Run<unknown>): Promise<LocalAsset[]> {
  const made: LocalAsset[] = []
  const free = apart(names)
  for (const [index, { path }] of files.entries()) {
    run.signal.throwIfAborted()
    made.push(await run.keep(path, { name: free[index] ?? `file ${index}` }))
  }
  return made
}
