import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Exception, type Rule, violations } from './architecture.ts'

/** Files that may break a rule, each with the reason why it must. */
const exceptions: readonly Exception[] = ['faults', 'fetch', 'session'].map((file) => ({
  file: `src/transports/ftp/${file}.ts`,
  rule: 'network',
  reason: 'basic-ftp speaks FTP over sockets that come from run.connect; it opens none of its own',
}))

test('the tree keeps to its architecture', () => {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const paths = globSync('{contract,src,web,test,bench,docs}/**/*.{ts,tsx}', {
    cwd: root,
    exclude: (path) => path.includes('node_modules'),
  })
  assert.ok(paths.includes('src/pipeline/engine.ts'), 'the files are found')
  const files = new Map(paths.map((path) => [path, readFileSync(resolve(root, path), 'utf8')]))
  const lines = violations(files, exceptions).map(({ file, rule, says }) => `${file}: ${says} (${rule})`)
  assert.deepEqual(lines, [])
})

test('imports that the map allows pass', () => {
  passes({
    'contract/faults.ts': `import { z } from 'zod'`,
    'src/kernel/log.ts': `import { Fault } from '@jackdaw/contract/faults.ts'; import pino from 'pino'`,
    'src/pipeline/engine.ts': `import type { Socket } from 'node:net'`,
    'src/sources/direct/source.ts': `import type { Run } from '#pipeline/engine.ts'; import '#kernel/log.ts'; import './cases.ts'`,
    'src/sources/direct/cases.ts': `export const takes = ['https://example.org/a.mp4']`,
    'src/sources/index.ts': `export { direct } from './direct/source.ts'`,
    'src/app/jobs/operations.ts': `import '#db/tables.ts'; import '#pipeline/engine.ts'; import '../spaces/rules.ts'`,
    'src/adapters/s3/files.ts': `import type { Files } from '#pipeline/assets.ts'`,
    'src/main/open.ts': `import '#app/jobs/operations.ts'; import '#faces/rest/serve.ts'; import '#sources/index.ts'`,
    'src/app/jobs/jobs.integration.test.ts': `import { open } from '#main/open.ts'`,
    'test/e2e/get.e2e.test.ts': `import '#main/cli.ts'`,
  })
})

const wrongImports: Record<string, Record<string, string>> = {
  'a face imports the app': { 'src/faces/rest/serve.ts': `import '#app/jobs/operations.ts'` },
  'a face imports a type of the pipeline': { 'src/faces/cli/get.ts': `import type { Run } from '#pipeline/engine.ts'` },
  'a face imports another face': { 'src/faces/cli/get.ts': `import '../rest/serve.ts'` },
  'an engine imports another engine': { 'src/sources/hls/source.ts': `import { a } from '../direct/source.ts'` },
  'a source imports a transport': { 'src/sources/hls/source.ts': `import('#transports/http/fetch.ts')` },
  'an engine imports more of the pipeline': { 'src/transports/http/fetch.ts': `import '#pipeline/steps.ts'` },
  'an engine imports the database': { 'src/destinations/folder/deliver.ts': `import { a } from '#db/tables.ts'` },
  'the kernel imports the pipeline': { 'src/kernel/log.ts': `import type { Run } from '#pipeline/engine.ts'` },
  'the kernel names a type of the app': { 'src/kernel/log.ts': `type Job = import('#app/jobs/store.ts').Job` },
  'an adapter runs the pipeline': { 'src/adapters/s3/files.ts': `import { put } from '#pipeline/assets.ts'` },
  'the pipeline imports main': { 'src/pipeline/runner.ts': `import { config } from '#main/config.ts'` },
  'the source imports a test': { 'src/app/jobs/store.ts': `import '#test/postgres.ts'` },
  'the contract imports Node': { 'contract/ids.ts': `import { randomUUID } from 'node:crypto'` },
  'the contract imports the server': { 'contract/ids.ts': `import '#kernel/ids.ts'` },
  'the contract imports a package of the server': { 'contract/ids.ts': `import fastify from 'fastify'` },
  'the contract uses what only Node has': { 'contract/ids.ts': `export const id = () => Buffer.from('a')` },
  'the contract uses the DOM': { 'contract/ids.ts': `export const width = () => globalThis.document.title` },
  'another folder is reached by a relative path': { 'src/app/jobs/store.ts': `import '../../kernel/ids.ts'` },
  'a folder has no place in the map': { 'src/utils/strings.ts': `export const a = 1` },
}
for (const [name, files] of Object.entries(wrongImports)) {
  test(`a wrong import is found: ${name}`, () => {
    breaks('import map', files)
  })
}

test('a cycle is found, with the way round, also one of types', () => {
  const files = {
    'src/kernel/a.ts': `import { b } from './b.ts'; export const a = b`,
    'src/kernel/b.ts': `import type { C } from '#kernel/c.ts'; export const b: C = 1`,
    'src/kernel/c.ts': `import { a } from './a.ts'; export type C = typeof a`,
    'src/kernel/d.ts': `import './a.ts'`,
  }
  const [found] = breaks('cycle', files)
  assert.match(found ?? '', /src\/kernel\/a\.ts → src\/kernel\/b\.ts → src\/kernel\/c\.ts → src\/kernel\/a\.ts/)
})

const waysOut = {
  'a bare fetch': `export const get = () => fetch('http://169.254.169.254/')`,
  'fetch under another name': `const get = globalThis.fetch`,
  'fetch handed on': `export const get = (with_ = fetch) => with_('http://a/')`,
  'a web socket': `new WebSocket('ws://a/')`,
  'node:http': `import { request } from 'node:http'`,
  'net without its prefix': `import net from 'net'`,
  'a lazily imported tls': `export const tls = () => import('node:tls')`,
  'node:dns/promises': `import { lookup } from 'node:dns/promises'`,
  'a child process': `export { spawn } from 'node:child_process'; export const a = 1`,
  undici: `import { Agent } from 'undici'`,
}
for (const [name, text] of Object.entries(waysOut)) {
  test(`an engine that goes around its Run is found: ${name}`, () => {
    for (const kind of ['sources', 'transports', 'processors', 'destinations']) {
      breaks('network', { [`src/${kind}/x/x.ts`]: text })
    }
  })
}

test('an engine may have a method called fetch, take fetch as a parameter and name types of sockets', () => {
  passes({
    'src/transports/http/transport.ts': `
      import type { Socket } from 'node:net'
      export const transport = { async fetch(part: string, run: { http: typeof fetch }) { return run.http(part) } }
      export const get = (fetch: (url: string) => Socket) => fetch('a')
      transport.fetch('a', { http: transport.fetch as never })`,
    'src/kernel/net/guard.ts': `import net from 'node:net'; fetch('http://example.org/')`,
  })
})

test('process.env outside src/main is found, in each spelling', () => {
  for (const text of [
    `process.env.HOME`,
    `process['env']`,
    `import { env } from 'node:process'`,
    `const { PATH } = process.env`,
  ]) {
    breaks('environment', { 'src/kernel/child.ts': text })
    passes({ 'src/main/config.ts': text, 'src/kernel/child.test.ts': text })
  }
})

test('code made of text is found, and talking about it is not', () => {
  for (const text of [`eval('1')`, `new Function('return 1')`, `globalThis.eval('1')`, `(0, eval)('1')`]) {
    breaks('eval', { 'src/kernel/a.ts': text })
    breaks('eval', { 'test/a.test.ts': text })
  }
  passes({ 'src/kernel/a.ts': `const says = 'eval(1)' // new Function('x')\nconst call = (done: Function) => done` })
})

test('a file of more than 400 lines is found', () => {
  breaks('length', { 'src/kernel/room.ts': 'export {}\n'.repeat(401) })
  passes({ 'src/kernel/room.ts': 'export {}\n'.repeat(400) })
})

test('barrels are found, and registries of engines are not', () => {
  breaks('barrel', { 'src/kernel/all.ts': `export { a } from './a.ts'; export * from './b.ts'` })
  breaks('barrel', { 'src/app/index.ts': `export const app = 1` })
  passes({ 'src/transports/index.ts': `export { http } from './http/transport.ts'` })
})

test('a file that cannot be parsed is found', () => {
  breaks('syntax', { 'src/kernel/a.ts': `const = 1` })
})

test('an exception covers one rule of one file, and is refused once it is not needed', () => {
  const files = new Map([['src/kernel/a.ts', `process.env.HOME; eval('1')`]])
  const exception = { file: 'src/kernel/a.ts', rule: 'environment', reason: 'a test' } as const
  assert.deepEqual(
    violations(files, [exception]).map(({ rule }) => rule),
    ['eval'],
  )
  assert.deepEqual(
    violations(new Map(), [exception]).map(({ rule }) => rule),
    ['stale'],
  )
})

function passes(files: Record<string, string>): void {
  assert.deepEqual(violations(new Map(Object.entries(files))), [])
}

/** Asserts that this rule, and no other, is broken; returns what is said about it. */
function breaks(rule: Rule, files: Record<string, string>): string[] {
  const found = violations(new Map(Object.entries(files)))
  assert.notEqual(found.length, 0, 'nothing was found')
  assert.deepEqual([...new Set(found.map((violation) => violation.rule))], [rule])
  return found.map(({ says }) => says)
}
