import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writing } from '#kernel/file-faults.ts'
import { listed } from '#kernel/words.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import { algorithms, distinct, sumsName, sumsText, type Algorithm } from './rules.ts'

export const ChecksumOptions = z.object({
  algorithms: listed(z.array(z.enum(algorithms)).min(1))
    .default(['sha256'])
    .transform((names) => [...new Set(names)])
    .describe('a list of sums for each: sha256 costs nothing, the others read every file once; sha256 when absent'),
})
export type ChecksumOptions = z.output<typeof ChecksumOptions>

/** Passes all assets on and adds `SHA256SUMS` (`MD5SUMS` …), which `sha256sum --check` reads. */
export const checksum: Processor<ChecksumOptions, unknown> = {
  name: 'checksum',
  title: 'A list of check sums beside the files',
  tools: [],
  options: ChecksumOptions,
  checkpoint: z.unknown(),
  accepts: () => true,
  async process(assets, options, run) {
    run.signal.throwIfAborted()
    const digests = await digestsOf(assets, options.algorithms, run)
    const names = distinct(assets.map(({ name }) => name))
    const lists: LocalAsset[] = []
    for (const algorithm of options.algorithms) {
      const sums = names.map((name, index) => ({ name, digest: digests[index]?.[algorithm] ?? '' }))
      const path = join(run.dir, sumsName(algorithm))
      await writing(path, 'house', () => writeFile(path, sumsText(sums)))
      lists.push(await run.keep(path, { name: sumsName(algorithm), type: 'text/plain' }))
    }
    return [...assets, ...lists]
  },
}

/** Every asset is read at most once, for all algorithms together; SHA-256 is known. */
async function digestsOf(assets: readonly LocalAsset[], wanted: readonly Algorithm[], run: Run<unknown>) {
  const others = wanted.filter((algorithm) => algorithm !== 'sha256')
  const of = assets.reduce((sum, { bytes }) => sum + bytes, 0)
  let done = 0
  const digests: Partial<Record<Algorithm, string>>[] = []
  for (const { path, sha256 } of assets) {
    const hashes = others.map((algorithm) => createHash(algorithm))
    if (hashes.length > 0) {
      const bytes = createReadStream(path, { highWaterMark: 1024 * 1024, signal: run.signal })
      try {
        for await (const chunk of bytes as AsyncIterable<Buffer>) {
          for (const hash of hashes) hash.update(chunk)
          done += chunk.length
          run.report({ unit: 'bytes', done, of })
        }
      } catch (thrown) {
        // The stream says AbortError, the caller wants to know why.
        run.signal.throwIfAborted()
        throw thrown
      }
    }
    digests.push(
      Object.fromEntries([['sha256', sha256], ...hashes.map((hash, at) => [others[at], hash.digest('hex')])]),
    )
  }
  return digests
}
