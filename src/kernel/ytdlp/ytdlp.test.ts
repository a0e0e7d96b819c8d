import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { createYtdlp } from './ytdlp.ts'

/** A run whose yt-dlp is played: what it answers to `--version`, and what it writes and how it ends otherwise. */
async function setUp(t: TestContext, plays: { version: string; out?: string; err?: string; exit?: number }) {
  const secrets = join(await mkdtemp(join(tmpdir(), 'jackdaw-test-')), 'secrets')
  t.after(() => rm(join(secrets, '..'), { recursive: true }))
  const calls: { args: readonly string[]; env: Readonly<Record<string, string>> | undefined }[] = []
  const run = {
    signal: new AbortController().signal,
    secrets,
    async spawn(_: string, args: readonly string[], how?: { readonly env?: Readonly<Record<string, string>> }) {
      calls.push({ args, env: how?.env })
      const isVersion = args.includes('--version')
      const stdout = Readable.from([Buffer.from(isVersion ? plays.version : (plays.out ?? ''))])
      const stderr = new PassThrough().end(isVersion ? '' : (plays.err ?? ''))
      const failed =
        !isVersion && plays.exit ? new Fault('house.tool-failed', { tool: 'yt-dlp', exit: plays.exit }) : undefined
      const done = failed ? Promise.reject(failed) : Promise.resolve()
      done.catch(() => undefined)
      // No process has the number 0 and a half.
      return { pid: 0.5, stdout, stderr, done, text: () => text(stdout) }
    },
  }
  return { run, calls, secrets }
}

const call = { link: 'https://example.org/a?key=hush', secrets: {}, args: ['--dump-json'] }

test('the JavaScript runtime is for versions that need one; the version is asked for once', async (t) => {
  for (const [version, has] of [
    ['2023.03.04', false],
    ['2025.10.22', false],
    ['2025.11.12', true],
    ['2026.10.26.232815', true],
  ] as const) {
    const { run, calls } = await setUp(t, { version })
    const ytdlp = createYtdlp()
    await (
      await ytdlp(run, call)
    ).done
    await (
      await ytdlp(run, call)
    ).done
    assert.equal(calls.filter(({ args }) => args.includes('--version')).length, 1)
    assert.equal(calls.at(-1)?.args.includes(`node:${process.execPath}`), has, version)
    assert.ok(calls.every(({ args, env }) => args.includes('--ignore-config') && env?.['YTDLP_NO_PLUGINS'] === '1'))
  }
})

test('the link and all that opens doors are in files for nobody else', async (t) => {
  const { run, calls, secrets } = await setUp(t, { version: '2026.10.26' })
  const given = {
    user: 'me',
    password: `a'b "c" $d \\e #f`,
    cookies: 'junk\n# a remark\n.example.org\tTRUE\t/\tTRUE\t0\tdoor\topen\n',
    headers: { cookie: 'one=1; two=2', Referer: 'https://example.org/' },
  }
  await (
    await createYtdlp()(run, { ...call, secrets: given })
  ).done
  assert.doesNotMatch(calls.flatMap(({ args }) => args).join(' '), /hush|open|example\.org/)
  assert.equal((await stat(secrets)).mode & 0o777, 0o700)
  const read = (name: string) => readFile(join(secrets, name), 'utf8')
  assert.equal(await read('link.txt'), 'https://example.org/a?key=hush\n')
  assert.equal(
    await read('yt-dlp.conf'),
    `--username 'me'\n--password 'a'"'"'b "c" $d \\e #f'\n--add-headers 'Referer:https://example.org/'\n--cookies '${secrets}/cookies.txt'\n`,
  )
  assert.deepEqual((await read('cookies.txt')).split('\n'), [
    '# Netscape HTTP Cookie File',
    '.example.org\tTRUE\t/\tTRUE\t0\tdoor\topen',
    'example.org\tFALSE\t/\tFALSE\t2147483647\tone\t1',
    'example.org\tFALSE\t/\tFALSE\t2147483647\ttwo\t2',
    '',
  ])
})

test('a line break in a secret is refused, for it would be an option of its own', async (t) => {
  const { run, calls } = await setUp(t, { version: '2026.10.26' })
  const secrets = { user: 'me', password: 'a\n--exec id' }
  await assert.rejects(createYtdlp()(run, { ...call, secrets }), (error) => isFault(error, 'input.invalid'))
  assert.equal(calls.length, 0)
})

test('lines come one by one, also those that are cut in two; a half one at the end is none', async (t) => {
  const { run } = await setUp(t, { version: '2026.10.26', out: 'one\nzwölf\n\nhalf' })
  const child = await createYtdlp()(run, call)
  const lines: string[] = []
  for await (const line of child.lines) lines.push(line)
  assert.deepEqual(lines, ['one', 'zwölf', ''])
})

test('its words are the fault; without known words it is a program that failed, with what it said last', async (t) => {
  const fails = async (err: string) => {
    const { run } = await setUp(t, { version: '2026.10.26', err, exit: 1 })
    const child = await createYtdlp()(run, call)
    try {
      await child.done
    } catch (error) {
      if (error instanceof Fault) return error
    }
    return assert.fail()
  }
  assert.equal((await fails('ERROR: [x] a: This video is DRM protected\n')).code, 'source.protected')
  const strange = await fails('ERROR: [x] a: something new\n')
  assert.deepEqual([strange.code, strange.facts['reason']], ['house.tool-failed', 'something new'])
  assert.equal((await fails('Segmentation fault\n')).code, 'house.tool-failed')
})
