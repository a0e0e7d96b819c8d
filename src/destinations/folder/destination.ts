import { access, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Receipt } from '@jackdaw/contract/nouns/asset.ts'
import { digestFile } from '#kernel/digest.ts'
import { writing } from '#kernel/file-faults.ts'
import { copyInto, hardlinkOrCopy, makeFolder, publish, supersede } from '#kernel/files.ts'
import { newId } from '#kernel/ids.ts'
import { inside, withNumber } from '#kernel/names.ts'
import type { Destination, LocalAsset, Run } from '#pipeline/engine.ts'
import { compare } from './compare.ts'
import { fillTemplate, parseTemplate } from './template.ts'

export const FolderOptions = z.object({
  onExisting: z
    .enum(['number', 'replace', 'fail'])
    .default('number')
    .describe('what to do when a different file has the name: take "name (2).ext", replace it, or fail'),
  title: z.string().optional().describe('title of the media, for {title}'),
  site: z.string().optional().describe('where it came from, for {site}'),
})
export type FolderOptions = z.infer<typeof FolderOptions>

/** Per asset: the temporary file, and the final path chosen before anything was written. */
export const FolderCheckpoint = z.object({
  files: z.record(z.string(), z.object({ temporary: z.string(), path: z.string(), claimed: z.boolean().optional() })),
})
export type FolderCheckpoint = z.infer<typeof FolderCheckpoint>

/**
 * Puts assets into a folder of this machine: `to` is an absolute folder or a template for paths. Only whole files appear,
 * and none is overwritten unless the options say so: the same bytes under the name already are an exact repeat, other
 * bytes make it `name (2).ext`. After a kill at any point a repeat ends with exactly one file and no leftovers.
 */
export const folder: Destination<FolderOptions, FolderCheckpoint> = {
  name: 'folder',
  title: 'A folder on this machine',
  tools: [],
  options: FolderOptions,
  checkpoint: FolderCheckpoint,
  async deliver(assets, to, options, run) {
    const template = parseTemplate(to)
    const delivery: Delivery = { options, run, files: { ...run.checkpoint?.files }, count: counter(assets, run) }
    const receipts: Receipt[] = []
    for (const asset of assets) {
      run.signal.throwIfAborted()
      // Outside `writing`: a scratch file that is gone is no fault of the destination.
      await access(asset.path)
      const target = join(template.prefix, fillTemplate(template, asset, options))
      const path = await writing(dirname(target), 'destination', async () => {
        const earlier = await resume(asset, delivery)
        if (earlier !== undefined) return earlier
        await prepare(template.prefix, dirname(target))
        return place(asset, target, delivery)
      })
      const { id, sha256, bytes } = asset
      receipts.push({
        asset: id,
        destination: `folder:${to}`,
        place: path,
        sha256,
        bytes,
        at: new Date().toISOString(),
      })
    }
    return receipts
  },
}

interface Delivery {
  readonly options: FolderOptions
  readonly run: Run<FolderCheckpoint>
  readonly files: FolderCheckpoint['files']
  readonly count: (bytes: number) => void
}

/** Most files of one name in one folder: past that somebody else is wrong, and each one costs a look. */
const mostNumbers = 9999

/** What a killed try has left: its temporary file goes; a file that it had finished is found again. */
async function resume(asset: LocalAsset, { files, run }: Delivery): Promise<string | undefined> {
  const earlier = files[asset.id]
  if (earlier === undefined) return undefined
  await rm(earlier.temporary, { force: true })
  if ((await compare(earlier.path, asset, run.signal)) === 'same') return earlier.path
  // Where there are no hard links a kill can leave the empty file that claimed the name.
  if (earlier.claimed === true && (await stat(earlier.path).catch(() => undefined))?.size === 0) await rm(earlier.path)
  return undefined
}

async function prepare(prefix: string, folder: string): Promise<void> {
  await makeFolder(prefix)
  if (!(await inside(prefix, folder))) {
    throw new Fault('destination.unwritable', { path: folder, reason: `a link leads out of ${prefix}` })
  }
  await makeFolder(folder)
}

async function place(asset: LocalAsset, target: string, delivery: Delivery): Promise<string> {
  const { options, run, files } = delivery
  let free = await choose(asset, target, 1, delivery)
  if (free.same) return free.path
  const temporary = join(dirname(target), `.jackdaw-${newId()}.part`)
  const remember = (claimed?: true) => {
    files[asset.id] = { temporary, path: free.path, ...(claimed && { claimed }) }
    return run.save({ files })
  }
  await remember()
  try {
    await write(asset, temporary, delivery)
    run.signal.throwIfAborted()
    if (options.onExisting === 'replace') {
      await supersede(temporary, free.path)
      return free.path
    }
    while (!(await publish(temporary, free.path, () => remember(true)))) {
      // Somebody took the name since we looked.
      free = await choose(asset, target, free.number, delivery)
      if (free.same) return free.path
      await remember()
    }
    return free.path
  } finally {
    await rm(temporary, { force: true })
  }
}

/** The first name, from the given number on, that is free or has these very bytes already. */
async function choose(asset: LocalAsset, target: string, from: number, { options, run }: Delivery) {
  for (let number = from; number <= mostNumbers; number++) {
    const path = number === 1 ? target : join(dirname(target), withNumber(basename(target), number))
    const found = await compare(path, asset, run.signal)
    const same = found === 'same'
    if (same || found === 'free' || options.onExisting === 'replace') return { path, number, same }
    if (options.onExisting === 'fail') break
  }
  throw new Fault('destination.exists', { path: target })
}

async function write(asset: LocalAsset, temporary: string, { run, count }: Delivery): Promise<void> {
  const how = { signal: run.signal, onBytes: count }
  // A kept asset is the store's only name for these bytes; people may edit what is in their folder.
  const way = asset.state === 'scratch' ? await hardlinkOrCopy(asset.path, temporary, how) : 'copied'
  if (way === 'linked') return count(asset.bytes)
  if (asset.state !== 'scratch') await copyInto(asset.path, temporary, how)
  if ((await digestFile(temporary, { signal: run.signal })) !== asset.sha256) {
    throw new Fault(
      'destination.unwritable',
      { path: temporary, reason: 'the copy does not read back as it was' },
      { next: 'retry' },
    )
  }
}

function counter(assets: readonly LocalAsset[], run: Run<FolderCheckpoint>): (bytes: number) => void {
  const of = assets.reduce((sum, asset) => sum + asset.bytes, 0)
  let done = 0
  return (bytes) => {
    done = Math.min(of, done + bytes)
    run.report({ unit: 'bytes', done, of })
  }
}
