import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Processor } from '#pipeline/engine.ts'
import { FilterOptions, passes } from './rules.ts'

/** Lets only some assets go on. Throws `process.failed` when none does. */
export const filter: Processor<FilterOptions, unknown> = {
  name: 'filter',
  title: 'Only files with these extensions, types, sizes or names',
  tools: [],
  options: FilterOptions,
  checkpoint: z.unknown(),
  accepts: () => true,
  async process(assets, options, run) {
    run.signal.throwIfAborted()
    const kept = assets.filter(passes(options))
    run.report({ unit: 'items', done: assets.length, of: assets.length })
    if (kept.length > 0) return kept
    throw new Fault('process.failed', {
      reason: assets.length === 1 ? 'the only file is filtered out' : `all ${assets.length} files are filtered out`,
    })
  },
}
