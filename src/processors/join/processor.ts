import { z } from 'zod'
import { writePieces } from '#kernel/pieces.ts'
import { safeName } from '#kernel/names.ts'
import { withOutputs } from '#kernel/outputs.ts'
import type { LocalAsset, Processor } from '#pipeline/engine.ts'
import { partOf, setsOf } from './sets.ts'

export const JoinOptions = z.object({})
export type JoinOptions = z.infer<typeof JoinOptions>

/**
 * Puts files that were cut by bytes together again: `x.001`, `x.002` … or `x.part1of3` …, in the order of their numbers.
 * Everything else passes as it is. Faults: `process.broken` when a part is missing, naming it.
 */
export const join: Processor<JoinOptions, unknown> = {
  name: 'join',
  title: 'One file of numbered parts',
  tools: [],
  options: JoinOptions,
  checkpoint: z.unknown(),
  accepts: ({ name }) => partOf(name) !== undefined,
  process: (assets, _, run) =>
    withOutputs(run, async (at) => {
      const sets = setsOf(assets)
      const used = new Set(sets.flatMap(({ parts }) => parts))
      const made: LocalAsset[] = []
      const of = [...used].reduce((sum, { bytes }) => sum + bytes, 0)
      let done = 0
      for (const { whole, parts } of sets) {
        const path = at(`${parts[0]?.id ?? ''}.joined`)
        const onBytes = (more: number) => {
          done += more
          run.report({ unit: 'bytes', done, of })
        }
        const pieces = parts.map(({ path }) => ({ path }))
        const sha256 = await writePieces(pieces, path, { signal: run.signal, onBytes })
        made.push(await run.keep(path, { name: safeName(whole), sha256 }))
      }
      return [...made, ...assets.filter((asset) => !used.has(asset))]
    }),
}
