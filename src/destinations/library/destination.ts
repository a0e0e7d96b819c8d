import { stat } from 'node:fs/promises'
import { z } from 'zod'
import type { Receipt } from '@jackdaw/contract/nouns/asset.ts'
import type { Destination, LocalAsset } from '#pipeline/engine.ts'

/** What the library needs of the house's store: the bytes of a local file kept under their digest, safe to repeat. */
export interface Keeper {
  put(localPath: string, sha256: string, how: { signal: AbortSignal; trusted: boolean }): Promise<unknown>
}

/**
 * Keeps assets in the library of this house: their bytes go into the store, where the same content is held once. Exact
 * by digest, so it needs no checkpoint. `to` is not used. Whoever commits the receipt marks the asset kept with it.
 */
export function library(store: Keeper): Destination {
  return {
    name: 'library',
    title: 'The library of this house',
    tools: [],
    options: z.object({}),
    checkpoint: z.unknown(),
    async deliver(assets, _to, _options, run) {
      const of = assets.reduce((sum, asset) => sum + asset.bytes, 0)
      const receipts: Receipt[] = []
      let done = 0
      for (const asset of assets) {
        run.signal.throwIfAborted()
        const { id, sha256, bytes } = asset
        await store.put(asset.path, sha256, { signal: run.signal, trusted: await isUntouched(asset) })
        run.report({ unit: 'bytes', done: (done += bytes), of })
        const at = new Date().toISOString()
        receipts.push({ asset: id, destination: 'library', place: `library:${id}`, sha256, bytes, at })
      }
      return receipts
    },
  }
}

/** Nothing has written to the file since its digest was computed: then it need not be read again. */
async function isUntouched(asset: LocalAsset): Promise<boolean> {
  const { size, mtimeMs } = await stat(asset.path)
  return size === asset.bytes && Math.floor(mtimeMs) <= Date.parse(asset.createdAt)
}
