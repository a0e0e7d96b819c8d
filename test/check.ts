import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `npm run check`: all that must hold before a commit is shared, in under 20 seconds. */
const root = fileURLToPath(new URL('..', import.meta.url))

const checks: readonly Check[] = [
  { name: 'unit', command: ['node', 'test/run.ts', '--unit', '!test/architecture'] },
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'lint', command: ['oxlint', '--quiet'] },
  { name: 'types', command: ['tsc', '--incremental', '--tsBuildInfoFile', 'node_modules/.cache/types'] },
  { name: 'architecture', command: ['node', 'test/run.ts', '--unit', 'test/architecture'] },
  { name: 'documents', command: ['node', 'docs/generate.ts', '--check'], needs: 'docs/generate.ts' },
]

interface Check {
  readonly name: string
  readonly command: readonly [string, ...string[]]
  /** The check exists once this file does. */
  readonly needs?: string
}

interface Outcome {
  readonly name: string
  readonly passed: boolean
  readonly output: string
}

const queue = checks.filter(({ needs }) => needs === undefined || existsSync(resolve(root, needs)))
const failed: Outcome[] = []
// Two at a time, the longest first: the machines that run this have two cores.
await Promise.all([work(), work()])
for (const { name, output } of failed) print(`\n── ${name} ──\n${withoutPasses(output)}`)
process.exitCode = failed.length === 0 ? 0 : 1

async function work(): Promise<void> {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    const startedAt = performance.now()
    const outcome = await perform(check)
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    print(`${outcome.passed ? '✔' : '✖'} ${check.name.padEnd(12)} ${seconds.padStart(5)} s`)
    if (!outcome.passed) failed.push(outcome)
  }
}

function perform({ name, command: [program, ...args] }: Check): Promise<Outcome> {
  const { promise, resolve: settle } = Promise.withResolvers<Outcome>()
  const path = [resolve(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter)
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: path, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : { NO_COLOR: '1' }) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  child.on('error', (error) => settle({ name, passed: false, output: `${program}: ${error.message}` }))
  child.on('close', (code) => settle({ name, passed: code === 0, output }))
  return promise
}

/** Of a test run only what did not pass is worth reading. */
function withoutPasses(output: string): string {
  return output.replace(/^\s*✔.*\n/gm, '').trimEnd()
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
