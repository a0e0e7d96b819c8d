import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { LocalAsset, Run } from '#pipeline/engine.ts'
import { spawnChild } from '#kernel/child/child.ts'
import { newId } from '#kernel/ids.ts'
import { sniffFile } from '#kernel/sniff.ts'
import { processors } from '#processors/index.ts'

// One processor over files, with real programs and without the pipeline: `ours.ts PROCESSOR OPTIONS OUT FILE…`. Results lie
// in OUT under their names. Files are worked on one by one, or `--at-once` so many.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    cost: { type: 'string' },
    'at-once': { type: 'string', default: '1' },
  },
})
const [name = '', options = '{}', out = '', ...files] = positionals
const processor = processors.find((one) => one.name === name)
if (processor === undefined) throw new Error(`there is no processor ${name}`)
const dir = join(out, '.run')
await mkdir(dir, { recursive: true })
const { signal } = new AbortController()
const results: LocalAsset[] = []

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
  note: (_, __, also) => void (also?.thumbnail && results.push(also.thumbnail)),
  log: () => undefined,
}

const [started, before] = [performance.now(), process.cpuUsage()]
const waiting = [...files]
const parsed = processor.options.parse(JSON.parse(options))
await Promise.all(
  Array.from({ length: Number(values['at-once']) }, async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const asset = await assetAt(file, basename(file))
      const made = await processor.process([asset], parsed, run)
      results.push(...made.filter(({ path }) => path !== file))
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
