import { execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { makeFile, startNginx, startPaced, type BenchServer } from './http/servers.ts'
import { compare, print, type Contender } from './measure.ts'

const size = 1024 ** 3
const work = join(existsSync('/dev/shm') ? '/dev/shm' : '/tmp', `jackdaw-bench-${process.pid}`)
const file = join(work, 'file.bin')
const ours = join(import.meta.dirname, 'http/ours.ts')
const cache = { NODE_COMPILE_CACHE: join(work, 'compiled') }

/**
 * `npm run bench -- http [--rounds 5] [--only plain,tls,paced,resume]`: one file of 1 GiB over HTTP against aria2c, curl
 * and wget.
 */
export async function bench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '5' },
      only: { type: 'string', default: 'plain,tls,paced,resume' },
    },
  })
  const rounds = Number(values.rounds)
  const wants = (part: string) => values.only.split(',').includes(part)
  await makeFile(work, file, size)
  const sha256 = await digest(file)
  try {
    if (wants('plain')) {
      await using plain = await startNginx(work, { tls: false, sha256 })
      const peers = [limit(plain), aria(plain, 1), aria(plain, 16), curl(plain), wget(plain)]
      print('plain, to memory', await compare([jackdaw(plain, 'jackdaw'), ...peers], rounds))
      const checked = aria(plain, 1, ['--checksum', `sha-256=${sha256}`])
      print(
        'verified by SHA-256',
        await compare([jackdaw(plain, 'jackdaw', ['--digest', '--expect', sha256]), checked], rounds),
      )
    }
    if (wants('tls')) {
      await using tls = await startNginx(work, { tls: true, sha256 })
      const peers = [aria(tls, 1, ['--check-certificate=false']), curl(tls, ['-k'])]
      print('TLS, same cipher', await compare([jackdaw(tls, 'jackdaw'), ...peers], rounds))
    }
    for (const [title, latencyMs] of [
      ['20 MB/s each connection', 0],
      ['20 MB/s each connection, 50 ms away', 50],
    ] as const) {
      if (!wants('paced')) continue
      await using paced = await startPaced(work, file, { bytesPerSecond: 20e6, latencyMs, sha256 })
      const contenders = [
        jackdaw(paced, 'jackdaw'),
        jackdaw(paced, 'jackdaw -N 64', ['--connections', '64']),
        aria(paced, 16, ['-k1M']),
      ]
      print(title, await compare(contenders, rounds))
    }
    if (wants('resume')) await resume(sha256, rounds)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Killed with -9 twice on the way: what the server sent in all. */
async function resume(sha256: string, rounds: number): Promise<void> {
  const sent = { jackdaw: [] as number[], 'aria2c -x16': [] as number[] }
  for (let round = 0; round < rounds; round += 1) {
    for (const name of ['jackdaw', 'aria2c -x16'] as const) {
      await using paced = await startPaced(work, file, { bytesPerSecond: 20e6, latencyMs: 0, sha256 })
      const contender =
        name === 'jackdaw' ? jackdaw(paced, name) : aria(paced, 16, ['-k1M', '-c', '--auto-save-interval=1'])
      await contender.prepare?.()
      const [program = '', ...args] = contender.command
      for (const killed of [true, true, false]) {
        const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, ...cache } })
        const ended = new Promise((resolve) => child.once('exit', resolve))
        if (killed) await Promise.race([ended, sleep(1300)])
        if (killed) child.kill('SIGKILL')
        await ended
      }
      await contender.check()
      sent[name].push(await paced.sent())
    }
  }
  process.stdout.write(`\nresumed after two kill -9: MiB sent for ${size / 1024 ** 2}\n`)
  for (const [name, all] of Object.entries(sent)) {
    process.stdout.write(`  ${name.padEnd(22)}${all.map((bytes) => (bytes / 1024 ** 2).toFixed(0)).join(' ')}\n`)
  }
}

function jackdaw(server: BenchServer, name: string, more: readonly string[] = []): Contender {
  const out = join(work, 'jackdaw.out')
  return {
    name,
    command: [process.execPath, ours, ...more, '--cost', join(work, 'cost.json'), server.link, out],
    env: server.tls ? { ...cache, NODE_EXTRA_CA_CERTS: join(work, 'cert.pem') } : cache,
    inner: join(work, 'cost.json'),
    prepare: () => clear(out, `${out}.run`),
    check: () => same(out, server.sha256),
  }
}

function aria(server: BenchServer, connections: number, more: readonly string[] = []): Contender {
  const out = join(work, 'aria2c.out')
  const n = String(connections)
  const how = ['-q', '--no-conf', `-x${n}`, `-s${n}`, '--file-allocation=none', '-d', work, '-o', 'aria2c.out']
  return {
    name: `aria2c -x${n}${more.includes('--checksum') ? ' --checksum' : ''}`,
    command: ['aria2c', ...how, ...more, server.link],
    prepare: () => clear(out, `${out}.aria2`),
    check: () => same(out, server.sha256),
  }
}

function curl(server: BenchServer, more: readonly string[] = []): Contender {
  const out = join(work, 'curl.out')
  return {
    name: 'curl',
    command: ['curl', '-s', ...more, '-o', out, server.link],
    prepare: () => clear(out),
    check: () => same(out, server.sha256),
  }
}

/** What recv and write alone cost: nobody can be much below. */
function limit(server: BenchServer): Contender {
  const program = join(work, 'limit')
  if (!existsSync(program)) execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'http/limit.c')])
  const out = join(work, 'limit.out')
  const { port, pathname } = new URL(server.link)
  return {
    name: 'limit (C)',
    command: [program, port, pathname, out],
    prepare: () => clear(out),
    check: () => same(out, server.sha256),
  }
}

function wget(server: BenchServer): Contender {
  const out = join(work, 'wget.out')
  return {
    name: 'wget',
    command: ['wget', '-q', '-O', out, server.link],
    prepare: () => clear(out),
    check: () => same(out, server.sha256),
  }
}

async function clear(...paths: readonly string[]): Promise<void> {
  for (const path of paths) await rm(path, { recursive: true, force: true })
}

async function same(path: string, sha256: string): Promise<void> {
  if ((await digest(path)) !== sha256) throw new Error(`${path} is not the file`)
  await rm(path)
}

async function digest(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), hash)
  return hash.digest('hex')
}
