// Delivers as a worker does, keeping its checkpoint in a file, so that a test can kill it and start it again.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { diskStore } from '#adapters/disk/store.ts'
import { folder } from '#destinations/folder/destination.ts'
import { library } from '#destinations/library/destination.ts'
import type { Destination, LocalAsset } from '#pipeline/engine.ts'
import { localRun } from './local-run.ts'

interface Wish {
  readonly kind: 'folder' | 'library'
  readonly to: string
  readonly dir: string
  readonly assets: readonly LocalAsset[]
  readonly checkpoint: string
}

const wish = JSON.parse(process.argv[2] ?? '') as Wish
const destination: Destination = wish.kind === 'folder' ? folder : library(diskStore(wish.to))
const run = localRun<unknown>(wish.dir, {
  ...(existsSync(wish.checkpoint) && { checkpoint: JSON.parse(readFileSync(wish.checkpoint, 'utf8')) as unknown }),
  onSave(checkpoint) {
    writeFileSync(`${wish.checkpoint}.new`, JSON.stringify(checkpoint))
    renameSync(`${wish.checkpoint}.new`, wish.checkpoint)
  },
})
await destination.deliver(wish.assets, wish.to, destination.options.parse({}), run)
