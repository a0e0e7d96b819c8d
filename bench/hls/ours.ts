import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { spawnChild } from '#kernel/child/child.ts'
import { createGuard } from '#kernel/net/guard.ts'
import { createOutward } from '#kernel/net/outward.ts'
import { createPace } from '#kernel/net/pace.ts'
import type { Run } from '#pipeline/engine.ts'
import { hls } from '#sources/hls/source.ts'
import type { Checkpoint } from '#transports/segments/fetch.ts'
import { createHlsTransport } from '#transports/segments/hls.ts'

// One stream by our source and transport, with the house's own guard, pace and child processes: `ours.ts LINK OUT`.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { connections: { type: 'string' }, cost: { type: 'string' } },
})
const [link = '', out = ''] = positionals
const dir = `${out}.run`
await mkdir(dir, { recursive: true })

const { signal } = new AbortController()
const outward = createOutward(createGuard({ allow: ['127.0.0.0/8'] }), createPace())
const searchPath = process.env['PATH'] ?? ''
const run: Run<Checkpoint> = {
  signal,
  http: outward.http,
  connect: (to) => outward.connect({ ...to, signal }),
  spawn: (tool, args, how) =>
    spawnChild({ tool, path: tool, args, cwd: dir, searchPath, signal, mark: 'bench', ...how }),
  dir,
  secrets: dir,
  checkpoint: undefined,
  save: async () => undefined,
  report: () => undefined,
  charge: () => 0,
  async keep(path, as) {
    const { size } = await stat(path)
    await mkdir(dirname(out), { recursive: true })
    await rename(path, out)
    return { id: '', name: as.name, type: '', bytes: size, sha256: '', state: 'scratch', createdAt: '', path: out }
  },
  note: () => undefined,
  log: (fields, message) => void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
}

const [started, before] = [performance.now(), process.cpuUsage()]
const options = values.connections === undefined ? {} : { connections: Number(values.connections) }
const media = await hls.resolve({ kind: 'url', text: link }, options, run)
const [part] = media.parts
if (!part) throw new Error('nothing to fetch')
await createHlsTransport().fetch(part, options, run)
if (values.cost !== undefined) {
  const { user, system } = process.cpuUsage(before)
  const mib = process.resourceUsage().maxRSS / 1024
  const cost = { wall: (performance.now() - started) / 1000, cpu: (user + system) / 1e6, mib }
  await writeFile(values.cost, JSON.stringify(cost))
}
process.exit(0)
