import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { writing } from '#kernel/file-faults.ts'
import { withNumber, safeName } from '#kernel/names.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import { ArchiveOptions } from './options.ts'
import { pack, packTar } from './pack.ts'
import { archiveName, levelFor } from './rules.ts'

/** All assets of the step as one archive, or as its volumes. */
export const archive: Processor<ArchiveOptions, unknown> = {
  name: 'archive',
  title: 'All files as one zip, 7z or tar, with a password and in volumes',
  tools: ['7zz'],
  options: ArchiveOptions,
  checkpoint: z.unknown(),
  accepts: () => true,
  async process(assets, options, run) {
    run.signal.throwIfAborted()
    const password = passwordFor(options)
    const bytes = assets.reduce((sum, asset) => sum + asset.bytes, 0)
    refuseTooMany(bytes, options.volumeBytes)
    const name = archiveName(options.format, { ...options, first: assets[0]?.name ?? '' })
    const work = join(run.dir, 'archive')
    await rm(work, { recursive: true, force: true })
    try {
      const { from, list } = await stage(assets, work)
      const to = join(work, 'out')
      const level = levelFor(assets, options.level)
      const job = { from, list, to, level, bytes, volumeBytes: options.volumeBytes }
      await writing(work, 'house', async () => {
        await mkdir(to)
        if (options.format === 'zip' || options.format === '7z') await pack(job, options.format, password, run)
        else await packTar(job, options.format, run)
      })
      const made = await keepAll(to, name, run)
      await rm(from, { recursive: true })
      return options.original === 'keep' ? [...assets, ...made] : made
    } catch (thrown) {
      await rm(work, { recursive: true, force: true })
      throw thrown
    }
  },
}

function passwordFor({ encrypt, archivePassword }: ArchiveOptions): string | undefined {
  if (encrypt === true && archivePassword === undefined) {
    throw new Fault('input.invalid', { reason: 'archive: there is no password to encrypt with' })
  }
  return encrypt === false ? undefined : archivePassword
}

/** Numbers of volumes have three digits. */
const mostVolumes = 999

function refuseTooMany(bytes: number, volumeBytes: number | undefined): void {
  if (volumeBytes === undefined || bytes / volumeBytes <= mostVolumes) return
  throw new Fault('input.invalid', { reason: `archive: it would have more than ${mostVolumes} volumes` })
}

/** A folder in which each asset has its name, by links: 7zz packs what they lead to. */
async function stage(assets: readonly LocalAsset[], work: string): Promise<{ from: string; list: string }> {
  const from = join(work, 'in')
  const list = join(work, 'names')
  await writing(work, 'house', () => mkdir(from, { recursive: true }))
  const taken = new Set<string>()
  for (const { name, path } of assets) {
    const safe = safeName(name)
    let free = safe
    // Some that unpack it know no difference between a and A.
    for (let number = 2; taken.has(free.toLowerCase()); number++) free = withNumber(safe, number)
    taken.add(free.toLowerCase())
    await symlink(path, join(from, free))
  }
  // In the order of names, so that the same files make the same archive.
  const names = (await readdir(from)).toSorted()
  await writeFile(list, names.map((name) => `${name}\n`).join(''))
  return { from, list }
}

async function keepAll(to: string, name: string, run: Run<unknown>): Promise<LocalAsset[]> {
  const paths = (await readdir(to)).toSorted()
  const made: LocalAsset[] = []
  for (const file of paths) {
    run.signal.throwIfAborted()
    // One volume is no volume.
    const volume = paths.length === 1 ? '' : (/\.\d{3}$/.exec(file)?.[0] ?? '')
    const path = join(to, `archive-${made.length}`)
    await rename(join(to, basename(file)), path)
    made.push(await run.keep(path, { name: `${name}${volume}`, type: 'application/octet-stream' }))
  }
  return made
}
