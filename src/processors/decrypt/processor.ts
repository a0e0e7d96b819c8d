import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { MediaKey } from '@jackdaw/contract/nouns/options.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import { headerOf, rewrite } from './rewrite.ts'

export const DecryptOptions = z.object({
  keys: z.array(MediaKey).max(100).default([]).describe('keys that you have; those of the job when absent'),
})
export type DecryptOptions = z.infer<typeof DecryptOptions>

/**
 * Undoes common encryption (CENC) of MP4 files with the person's keys. What is not encrypted goes through as it is.
 * Faults: `source.protected` when a key is missing or none fits, `process.broken`, `process.unsupported`.
 */
export const decrypt: Processor<DecryptOptions, unknown> = {
  name: 'decrypt',
  title: 'Encrypted MP4 files opened with keys that you have',
  tools: ['ffmpeg'],
  options: DecryptOptions,
  checkpoint: z.unknown(),
  accepts: (asset) => types.has(asset.type),
  async process(assets, options, run) {
    const results: LocalAsset[] = []
    for (const asset of assets) {
      run.signal.throwIfAborted()
      results.push(types.has(asset.type) ? await open(asset, options.keys, run) : asset)
    }
    return results
  },
}

const types = new Set(['video/mp4', 'audio/mp4', 'application/mp4', 'video/iso.segment', 'video/x-m4v', 'audio/x-m4a'])

async function open(asset: LocalAsset, keys: readonly MediaKey[], run: Run<unknown>): Promise<LocalAsset> {
  const header = await headerOf(asset)
  if (header === undefined || header.kids.length === 0) return asset
  if (keys.length === 0) throw new Fault('source.protected', { reason: `ids of its keys: ${header.kids.join(', ')}` })
  if (!header.isFragmented) {
    throw new Fault('process.unsupported', { reason: `${asset.name} is encrypted MP4 without fragments` })
  }
  const path = join(run.dir, `${asset.id}.clear.mp4`)
  // Of keys without an id only one can be for everything: each has its turn.
  const named = keys.filter(({ kid }) => kid !== undefined)
  const bare = keys.filter(({ kid }) => kid === undefined)
  for (const some of bare.length === 0 ? [named] : bare.map((key) => [...named, key])) {
    let isOpen = false
    try {
      isOpen = await rewrite(asset, path, some, header, run)
    } finally {
      if (!isOpen) await rm(path, { force: true })
    }
    if (isOpen) return await run.keep(path, { name: asset.name, type: asset.type })
  }
  throw new Fault('source.protected', { reason: `no key that was given fits ${header.kids.join(', ')}` })
}
