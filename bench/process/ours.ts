import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { MediaFacts } from '@jackdaw/contract/nouns/asset.ts'
import type { LocalAsset, Run } from '#pipeline/engine.ts'
import { spawnChild } from '#kernel/child/child.ts'
import { newId } from '#kernel/ids.ts'
import { sniffFile } from '#kernel/sniff.ts'
import { processors } from '#processors/index.ts'
import { probe } from '#processors/probe/processor.ts'

// One processor over files, with real programs and without the pipeline: `ours.ts PROCESSOR OPTIONS OUT FILE…`. Results lie
// in OUT under their names. Files are worked on one by one, or `--at-once` so many; `--known` when an earlier step has looked
// into them, as is usual, which is not counted.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cost: { type: 'string' },
    'at-once': { type: 'string', default: '1' },
    known: { type: 'boolean', default: false },
  },
})
const [name = '', options = '{}', out = '', ...files] = positionals
const processor = processors.find((one) => one.name === name)
if (processor === undefined) throw new Error(`there is no processor ${name}`)
const dir = join(out, '.run')
await mkdir(dir, { recursive: true })
const { signal } = new AbortController()
const results: LocalAsset[] = []
const facts = new Map<string, MediaFacts>()

const run: Run<unknown> = {
  signal,
  http: fetch,
  connect: () => Promise.reject(new Error('no network here')),
  spawn: (tool, args, how) =>
    spawnChild({
      tool,
      path: tool,
      args,
      cwd: dir,
      searchPath: process.env['PATH'] ?? '',
      signal,
      mark: 'bench',
      ...how,
    }),
  dir,
  secrets: dir,
  checkpoint: undefined,
  save: async () => undefined,
  report: () => undefined,
  charge: () => 0,
  keep: (path, as) => assetAt(path, as.name),
  note(asset, seen, also) {
    facts.set(asset.path, seen)
    if (also?.thumbnail) results.push(also.thumbnail)
  },
  log: () => undefined,
}

const assets = await Promise.all(files.map((file) => assetAt(file, basename(file))))
if (values.known) for (const asset of assets) await probe.process([asset], { strict: true }, run)
const [started, before] = [performance.now(), process.cpuUsage()]
const waiting = assets.map((asset) => ({ ...asset, ...(facts.has(asset.path) && { facts: facts.get(asset.path) }) }))
const parsed = processor.options.parse(JSON.parse(options))
await Promise.all(
  Array.from({ length: Number(values['at-once']) }, async () => {
    for (let asset = waiting.shift(); asset !== undefined; asset = waiting.shift()) {
      const { path: own } = asset
      const made = await processor.process([asset], parsed, run)
      results.push(...made.filter(({ path }) => path !== own))
    }
  }),
)
for (const { path, name } of results) await rename(path, join(out, name))
const { user, system } = process.cpuUsage(before)
if (values.cost !== undefined) {
  const cost = {
    wall: (performance.now() - started) / 1000,
    cpu: (user + system) / 1e6,
    mib: process.memoryUsage.rss() / 2 ** 20,
  }
  await writeFile(values.cost, JSON.stringify(cost))
}

async function assetAt(path: string, name: string): Promise<LocalAsset> {
  const { size } = await stat(path)
  const type = await sniffFile(path, name)
  return { id: newId(), name, type, bytes: size, sha256: '', state: 'scratch', createdAt: '', path }
}
