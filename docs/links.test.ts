import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { test } from 'node:test'
import { CommanderError } from 'commander'
import { eventTypes, volatileTypes } from '@jackdaw/contract/events.ts'
import { catalogue } from '@jackdaw/contract/faults.ts'
import { build } from '#faces/cli/program.ts'
import { describeConfig } from '#main/config.ts'
import { later, older } from '#main/config/older.ts'
import { fakeHost, fakeTerminal } from '#test/fakes/terminal.ts'
import { anchorsOf, commandsOf, linksOf, wordsOf } from './markdown.ts'

const root = resolve(import.meta.dirname, '..')
const pages = new Map(
  globSync(['*.md', 'docs/**/*.md'], { cwd: root }).map((path) => [path, readFileSync(join(root, path), 'utf8')]),
)
const guide = [...pages].filter(([path]) => path === 'README.md' || path.startsWith('docs/guide/'))

test('there are pages to check', () => {
  assert.ok(guide.length > 10)
  assert.ok(guide.flatMap(([, text]) => commandsOf(text)).length > 50)
})

test('every link inside the project leads somewhere', () => {
  const broken: string[] = []
  for (const [page, text] of pages) {
    for (const link of linksOf(text)) {
      if (/^[a-z]+:/.test(link)) continue
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : relative(root, resolve(root, dirname(page), path))
      if (!existsSync(join(root, target))) broken.push(`${page}: ${link}`)
      else if (anchor !== undefined && !anchorsOf(pages.get(target) ?? '').has(anchor)) broken.push(`${page}: ${link}`)
    }
  }
  assert.deepEqual(broken, [])
})

/** What the program says of a command line, without doing what it asks for. */
async function complaint(command: string): Promise<string | undefined> {
  const host = fakeHost(fakeTerminal(), () => Promise.reject(new Error('nothing is opened here')))
  try {
    await build(host, async () => {}).parseAsync(wordsOf(command).slice(1), { from: 'user' })
    return undefined
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    return error.exitCode === 0 ? undefined : error.message
  }
}

test('every command in the guide is one that the program takes', async () => {
  const wrong: string[] = []
  for (const [page, text] of guide) {
    for (const command of commandsOf(text)) {
      // The launcher's own options.
      if (/^\.\/jackdaw --(tools|with)\b/.test(command)) continue
      const says = await complaint(command)
      if (says !== undefined) wrong.push(`${page}: ${command}: ${says}`)
    }
  }
  assert.deepEqual(wrong, [])
})

test('a command that the program does not take is noticed', async () => {
  assert.match((await complaint('jackdaw fetch https://example.org/')) ?? '', /unknown command/)
  assert.match((await complaint('jackdaw get --fast https://example.org/')) ?? '', /unknown option/)
  assert.match((await complaint('jackdaw queue move 01H8X')) ?? '', /missing required argument/)
})

const rows = describeConfig()
const aliases = new Set(rows.flatMap((row) => row.aliases))
const ours = new Set(rows.flatMap(({ env, secret }) => (secret ? [env, `${env}_FILE`] : [env])))
ours.add('JACKDAW_CONFIG')

test('every variable of ours that a page names exists', () => {
  const unknown: string[] = []
  for (const [page, text] of pages) {
    for (const [name] of text.matchAll(/\bJACKDAW_[A-Z0-9_]+\b/g))
      if (!ours.has(name) && !later.has(name)) unknown.push(`${page}: ${name}`)
  }
  assert.deepEqual(unknown, [])
})

test('the guides for older programs say of each variable what becomes of it', () => {
  const wrong: string[] = []
  let seen = 0
  for (const [page, text] of guide.filter(([path]) => path.includes('/from-'))) {
    for (const [, names = '', says = ''] of text.matchAll(/^\| (`[A-Z][^|]*`) +\| ([^|]*)\|$/gm)) {
      for (const [, name = ''] of names.matchAll(/`([A-Z][A-Z0-9_]+)`/g)) {
        if (name === 'AUTH_USERS') continue
        seen++
        const right = says.startsWith('read as')
          ? aliases.has(name)
          : says.startsWith('not used') && Object.hasOwn(older, name)
        if (!right) wrong.push(`${page}: ${name}: ${says}`)
      }
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok(seen > 20)
})

test('every fault and event that a page names exists', () => {
  const families = new Set(Object.keys(catalogue).map((code) => code.split('.')[0]))
  const known = new Set([...Object.keys(catalogue), ...Object.keys(eventTypes), ...Object.keys(volatileTypes)])
  const unknown: string[] = []
  for (const [page, text] of guide) {
    for (const [, code = ''] of text.matchAll(/`([a-z]+\.[a-z-]+)`/g))
      if (families.has(code.split('.')[0]) && !known.has(code)) unknown.push(`${page}: ${code}`)
  }
  assert.deepEqual(unknown, [])
})

test('every feature row names a state, and files where there is something', () => {
  const text = pages.get('docs/guide/features.md') ?? ''
  const table = [...text.matchAll(/^\| ([A-Z]{3}-\d+) *\|[^|]*\|([^|]*)\|[A-Z ]*\|([^|]*)\|/gm)]
  assert.ok(table.length > 150)
  for (const [, id = '', state = '', where = ''] of table) {
    assert.match(state.trim(), /^(done|part|not yet)$/, id)
    assert.equal(where.trim() !== '', state.trim() !== 'not yet', id)
  }
})
