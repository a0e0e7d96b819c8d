import { existsSync, globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { resolve } from 'node:path'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { fileURLToPath } from 'node:url'

/**
 * `npm test` runs every test there is. `npm test -- --unit --security` runs those kinds, `npm test -- kernel/net` the
 * files whose path contains that text, `npm test -- '!bench'` the others. `--coverage` adds the gate on lines.
 */
const kinds = { unit: '', integration: '.integration', e2e: '.e2e', security: '.security' } as const

const root = fileURLToPath(new URL('..', import.meta.url))

/** What the coverage gate measures, and the least share of lines that tests must reach. */
const gate = { include: ['contract/**/*.ts', 'src/{kernel,pipeline,app}/**/*.ts'], lines: 90 }

const wanted = parse(process.argv.slice(2))
const files = globSync('{contract,src,web,test,bench,docs,ops}/**/*.test.{ts,tsx}', {
  cwd: root,
  exclude: (path) => path.includes('node_modules') || path.endsWith('.d.ts'),
})
  .filter((file) => wanted.kinds.includes(kindOf(file)) && wanted.filters.every((accepts) => accepts(file)))
  .toSorted()
if (files.length === 0) refuse('no test file matches')

process.chdir(root)
// Compiled code that comes out of a cache counts its lines less exactly.
if (wanted.coverage) process.env['NODE_DISABLE_COMPILE_CACHE'] = '1'

// The one place where something is started once for the whole run: what `globalSetup` of test/setup.ts puts into
// `process.env` reaches every test file, and its `globalTeardown` runs at the end. Unit tests need nothing of it.
const setup = resolve(root, 'test/setup.ts')
const needsSetup = files.some((file) => kindOf(file) !== 'unit') && existsSync(setup)

const events = run({
  cwd: root,
  files: files.map((file) => resolve(root, file)),
  concurrency: 2, // the smallest machine that people and CI use; more makes crash tests slow, not the run fast
  timeout: 15 * 60_000, // a file that hangs is a failure, not a night of waiting
  ...(needsSetup ? { globalSetupPath: setup } : {}),
  ...(wanted.coverage
    ? {
        coverage: true,
        coverageIncludeGlobs: gate.include,
        coverageExcludeGlobs: ['**/*.test.ts'],
        lineCoverage: gate.lines,
      }
    : {}),
})

let tests = 0
let passed = false
const covered = new Set<string>()
events.on('test:coverage', ({ summary }) => {
  for (const file of summary.files) covered.add(file.path)
})
events.on('test:summary', ({ file, success, counts }) => {
  if (file !== undefined) return // of one file; the last one is of the run
  tests = counts.tests
  passed = success
})
events.compose(spec).pipe(process.stdout)
events.on('test:pass', ({ name, file }) => {
  if (name === file) complain(`${name} has no test in it`)
})
events.on('end', () => {
  if (!passed) process.exitCode = 1
  if (tests === 0) complain('no test ran')
  const unseen = wanted.coverage ? neverLoaded(covered) : []
  if (unseen.length > 0) complain(`no test loads these, so they count as uncovered:\n  ${unseen.join('\n  ')}`)
})

function parse(args: readonly string[]) {
  const chosen = new Set<string>()
  const filters: ((file: string) => boolean)[] = []
  const some: string[] = []
  let coverage = false
  for (const arg of args) {
    const name = arg.slice(2)
    if (arg === '--coverage') coverage = true
    else if (arg.startsWith('--') && name in kinds) chosen.add(name)
    else if (arg.startsWith('-')) refuse(`there is no ${arg}; there are --coverage --${Object.keys(kinds).join(' --')}`)
    else if (arg.startsWith('!')) filters.push((file) => !file.includes(arg.slice(1)))
    else some.push(arg)
  }
  if (some.length > 0) filters.push((file) => some.some((text) => file.includes(text)))
  return { kinds: chosen.size > 0 ? [...chosen] : Object.keys(kinds), coverage, filters }
}

function kindOf(file: string): string {
  return /\.(integration|e2e|security)\.test\.tsx?$/.exec(file)?.[1] ?? 'unit'
}

/** Node counts only files that were loaded: a file without any test would not lower the share. Types alone are exempt. */
function neverLoaded(loaded: ReadonlySet<string>): string[] {
  return globSync(gate.include, { cwd: root, exclude: (path) => path.includes('node_modules') })
    .filter((file) => !file.endsWith('.test.ts') && !loaded.has(resolve(root, file)))
    .filter((file) => {
      const code = stripTypeScriptTypes(readFileSync(resolve(root, file), 'utf8'))
      return code.replace(/\/\*[^]*?\*\/|\/\/.*$|\bexport\s*\{\s*\}/gm, '').trim() !== ''
    })
}

/** Fails the run without cutting off what is still being printed. */
function complain(reason: string): void {
  process.stderr.write(`test/run.ts: ${reason}\n`)
  process.exitCode = 1
}

function refuse(reason: string): never {
  complain(reason)
  process.exit()
}
