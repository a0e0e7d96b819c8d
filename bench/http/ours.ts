import { mkdir, rename, stat, writeFile } from 'node:fs/promises'
import { connect as connectTcp } from 'node:net'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { parseArgs } from 'node:util'
import type { Positions } from '#kernel/landing/landing.ts'
import type { Run } from '#pipeline/engine.ts'
import { direct } from '#sources/direct/source.ts'
import { createHttpTransport } from '#transports/http/transport.ts'

// One download by our source and transport through a real Run without the pipeline: `ours.ts LINK OUT`.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: 'string' },
    digest: { type: 'boolean', default: false },
    expect: { type: 'string' },
    dir: { type: 'string' },
    cost: { type: 'string' },
  },
})
const [link = '', out = ''] = positionals
const dir = values.dir ?? `${out}.run`
await mkdir(dir, { recursive: true })

const run: Run<Positions> = {
  signal: new AbortController().signal,
  http: fetch,
  async connect({ host, port, tls, onread }) {
    const reading = onread ? { onread } : {}
    const socket = tls ? connectTls({ host, port, ...tls, ...reading }) : connectTcp({ host, port, ...reading })
    await once(socket, tls ? 'secureConnect' : 'connect')
    return socket
  },
  spawn: () => Promise.reject(new Error('no tools in a bench')),
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
    const sha256 = as.sha256 ?? ''
    return { id: '', name: as.name, type: '', bytes: size, sha256, state: 'scratch', createdAt: '', path: out }
  },
  note: () => undefined,
  log: (fields, message) => void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
}

const [started, before] = [performance.now(), process.cpuUsage()]
const options = values.connections === undefined ? {} : { connections: Number(values.connections) }
const media = await direct.resolve({ kind: 'url', text: link }, options, run)
const [part] = media.parts
if (!part) throw new Error('nothing to fetch')
const [asset] = await createHttpTransport({ digest: values.digest }).fetch(part, options, run)
if (values.expect !== undefined && asset?.sha256 !== values.expect)
  throw new Error('the digest is not the expected one')
if (values.cost !== undefined) {
  const { user, system } = process.cpuUsage(before)
  const mib = process.resourceUsage().maxRSS / 1024
  const cost = { wall: (performance.now() - started) / 1000, cpu: (user + system) / 1e6, mib }
  await writeFile(values.cost, JSON.stringify(cost))
}
process.exit(0)
