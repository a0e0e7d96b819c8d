import { z } from 'zod'
import type { LocalAsset, Processor } from '#pipeline/engine.ts'
import { newNames } from './names.ts'
import { RenameOptions } from './options.ts'

/** Gives assets other names. Moves and reads no bytes: the new asset is the same file. */
export const rename: Processor<RenameOptions, unknown> = {
  name: 'rename',
  title: 'Other names, by rules and templates',
  tools: [],
  options: RenameOptions,
  checkpoint: z.unknown(),
  accepts: () => true,
  async process(assets, options, run) {
    const names = newNames(assets, options)
    const renamed: LocalAsset[] = []
    for (const [index, asset] of assets.entries()) {
      run.signal.throwIfAborted()
      const { path, type, sha256, role, facts } = asset
      const name = names[index] ?? asset.name
      if (name === asset.name) renamed.push(asset)
      else {
        const made = await run.keep(path, { name, type, sha256, ...(role && { role }) })
        if (facts) run.note(made, facts)
        renamed.push(made)
      }
      run.report({ unit: 'items', done: index + 1, of: assets.length })
    }
    return renamed
  },
}
