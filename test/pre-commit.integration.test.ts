import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const clean = 'export const one: number = 1\n'

test('a clean commit passes, and so does one of text', (t) => {
  const here = repository(t)
  passes(here.commit({ 'src/kernel/one.ts': clean, 'notes.md': '# Notes\n', 'run.sh': '#!/bin/sh\n' }))
  passes(here.commit({ 'a folder/no te.md': '# With spaces\n' }))
})

// Put together here, so that this file can be committed.
const secrets = {
  'a private key': `${'-----BEGIN'} RSA PRIVATE KEY-----`,
  'a key of AWS': `id = ${'AKIA'}IOSFODNN7EXAMPLE`,
  'a token of GitHub': `${'ghp'}_${'a1'.repeat(18)}`,
  'a token of a Telegram bot': `BOT=123456789:${'AA'}${'x'.repeat(33)}`,
}
for (const [name, line] of Object.entries(secrets)) {
  test(`a planted secret is refused, and not repeated: ${name}`, (t) => {
    const here = repository(t)
    const outcome = here.commit({ 'docs/set up.md': `# Set-up\n\n${line}\n` })
    refuses(outcome, /docs\/set up\.md:3\n.*what looks like a secret/)
    assert.ok(!outcome.says.includes(line))
    passes(here.commit({ 'docs/set up.md': `# Set-up\n\n${line} <!-- not-a-secret -->\n` }))
  })
}

test('files that hold secrets are refused by their names, and the example is not', (t) => {
  const here = repository(t)
  refuses(here.commit({ '.env': 'A=1\n' }), /\.env\n.*files of secrets/)
  here.unstage('.env')
  refuses(here.commit({ 'ops/server.key': 'x\n' }), /files of secrets/)
  here.unstage('ops/server.key')
  passes(here.commit({ '.env.example': 'A=1\n' }))
})

test('merge marks are refused in any file, and a line under a title is not', (t) => {
  const here = repository(t)
  const marked = ['<<<<<<< ours', 'a', '=======', 'b', '>>>>>>> theirs', ''].join('\n')
  refuses(here.commit({ 'notes.txt': marked }), /notes\.txt:1\nnotes\.txt:5\n.*merge marks/)
  passes(here.commit({ 'notes.txt': 'Title\n=======\n' }))
})

test('what is not formatted, not clean or not typed is refused, each with its reason', (t) => {
  const here = repository(t)
  refuses(here.commit({ 'src/kernel/one.ts': 'export const one = "1";\n' }), /not formatted/)
  refuses(here.commit({ 'src/kernel/one.ts': 'export const one: any = 1\n' }), /not clean/)
  refuses(here.commit({ 'src/kernel/one.ts': `export const one: number = '1'\n` }), /types do not fit/)
  passes(here.commit({ 'src/kernel/one.ts': clean }))
})

test('of a file that is half staged the staged half counts', (t) => {
  const here = repository(t)
  here.write({ 'src/kernel/one.ts': clean })
  here.git('add', '.')
  here.write({ 'src/kernel/one.ts': 'export const one = "1";\n' })
  passes(here.git('commit', '-m', 'good half'))

  here.git('add', '.')
  here.write({ 'src/kernel/one.ts': clean })
  refuses(here.git('commit', '-m', 'bad half'), /not formatted/)
})

test('a linked worktree without packages of its own is checked with those of the main one', (t) => {
  const here = repository(t)
  passes(here.commit({ 'src/kernel/one.ts': clean }))
  const linked = join(dirname(here.dir), 'linked')
  passes(here.git('worktree', 'add', '-q', linked))
  const there = at(linked)
  refuses(there.commit({ 'src/kernel/two.ts': 'export const two = "2";\n' }), /not formatted/)
  passes(there.commit({ 'src/kernel/two.ts': 'export const two = 2\n' }))
})

test('enabling the hooks leaves a repository around the folder alone', (t) => {
  const here = repository(t)
  here.git('config', '--unset', 'core.hooksPath')
  here.write({ 'vendor/jackdaw/README.md': '' })
  cpSync(resolve(root, '.githooks'), join(here.dir, 'vendor/jackdaw/.githooks'), { recursive: true })
  spawnSync('sh', ['vendor/jackdaw/.githooks/enable'], { cwd: here.dir })
  assert.equal(here.git('config', 'core.hooksPath').code, 1)
  spawnSync('sh', ['.githooks/enable'], { cwd: here.dir })
  assert.equal(here.git('config', 'core.hooksPath').code, 0)
})

interface Outcome {
  readonly code: number | null
  readonly says: string
}

/** A repository with this project's hook, settings and contract, and nothing else. */
function repository(t: TestContext) {
  const parent = mkdtempSync(join(tmpdir(), 'jackdaw-hook-'))
  t.after(() => rmSync(parent, { recursive: true, force: true }))
  const dir = join(parent, 'main')
  for (const path of ['.githooks', '.gitignore', '.oxfmtrc.json', '.oxlintrc.json', 'tsconfig.json', 'package.json']) {
    cpSync(resolve(root, path), join(dir, path), { recursive: true })
  }
  cpSync(resolve(root, 'contract/faults.ts'), join(dir, 'contract/faults.ts'))
  symlinkSync(resolve(root, 'node_modules'), join(dir, 'node_modules'))
  const here = at(dir)
  // The ignore rule is for a folder; here it is a link.
  writeFileSync(join(dir, '.gitignore'), 'node_modules\n')
  here.git('init', '-q')
  here.git('add', '.')
  passes(here.git('commit', '-m', 'settings'))
  spawnSync('sh', ['.githooks/enable'], { cwd: dir })
  return here
}

function at(dir: string) {
  const git = (...args: readonly string[]): Outcome => {
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'))
    const who = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
    const name = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org']
    const { status, stdout, stderr } = spawnSync('git', [...name, ...args], {
      cwd: dir,
      env: { ...Object.fromEntries(kept), ...who },
      encoding: 'utf8',
    })
    return { code: status, says: stdout + stderr }
  }
  const write = (files: Record<string, string>) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dir, path)), { recursive: true })
      writeFileSync(join(dir, path), text)
    }
  }
  return {
    dir,
    git,
    write,
    /** Writes, stages by force (also what is ignored) and commits. */
    commit(files: Record<string, string>): Outcome {
      write(files)
      git('add', '--force', '--', ...Object.keys(files))
      return git('commit', '-m', 'test')
    },
    unstage: (path: string) => git('rm', '--cached', '-q', '--', path),
  }
}

function passes({ code, says }: Outcome): void {
  assert.equal(code, 0, says)
}

function refuses({ code, says }: Outcome, reason: RegExp): void {
  assert.equal(code, 1, says)
  assert.match(says, reason)
}
