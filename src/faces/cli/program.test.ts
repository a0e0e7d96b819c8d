import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import type { Event } from '@jackdaw/contract/events.ts'
import type { JobDetail } from '@jackdaw/contract/nouns/job.ts'
import { film, folder, setUp } from '#test/fakes/command-line.ts'
import type { Play } from '#test/fakes/contract-house.ts'
import { fakeHost, fakeTerminal } from '#test/fakes/terminal.ts'
import { runCli } from './program.ts'

describe('jackdaw get', () => {
  test('brings a link into the folder where the caller stands, and closes the house', async () => {
    const { house, terminal, state, jackdaw } = setUp()
    assert.equal(await jackdaw('get', film), 0)
    assert.deepEqual(house.wishes, [{ link: film, destinations: ['folder:/here'], options: {} }])
    const lines = terminal.lines()
    assert.equal(lines[0], 'film.mp4: job j1')
    assert.equal(lines[1], '✓ film.mp4  3.0 MiB  1.5 MiB/s  2.0 s  → /here/film.mp4')
    assert.match(String(lines[2]), /^1 done {2}3\.0 MiB in /)
    assert.equal(state.closed, 1)
  })

  test('takes every option to where it belongs', async () => {
    const { house, jackdaw } = setUp()
    const options = '--out films --to library --to folder:more --name x.mp4 --connections 4 --limit 5M/s --max-size 2G'
    assert.equal(await jackdaw('get', film, ...options.split(' '), '--user', 'me:pw', '--header', 'X-A: 1'), 0)
    assert.deepEqual(house.wishes, [
      {
        link: film,
        destinations: ['folder:/here/films', 'library', 'folder:/here/more'],
        options: { name: 'x.mp4', connections: 4, limit: 5 * 1024 ** 2, maxBytes: 2 * 1024 ** 3 },
        secrets: { headers: { 'X-A': '1' }, user: 'me', password: 'pw' },
      },
    ])
  })

  test('takes what is asked of the media to where it belongs', async (t) => {
    const cwd = folder(t)
    writeFileSync(join(cwd, 'secret.txt'), 'sesame\n')
    const { house, jackdaw } = setUp(undefined, { cwd })
    const options =
      '--quality 720p --language en --subs en,de --subs-as files --clip 1:30-2:00 --clip 90- --join-clips --exact --items 1-5 --page --record 5:00 --recipe small --extract --list-only --choice v1 --archive-password-file secret.txt'
    const key = '0'.repeat(32)
    const step = 'convert to=mp4 crf=23'
    assert.equal(await jackdaw('get', film, ...options.split(' '), '--key', key, '--step', step), 0)
    const [wish] = house.wishes
    assert.equal(wish?.recipe, 'small')
    assert.deepEqual(wish?.secrets, { keys: [{ key }], archivePassword: 'sesame' })
    assert.deepEqual(wish?.options, {
      quality: 720,
      language: ['en'],
      subs: ['en', 'de'],
      subsAs: 'files',
      clips: [{ from: 90, to: 120 }, { from: 90 }],
      joinClips: true,
      exact: true,
      items: '1-5',
      page: true,
      list: true,
      recordSeconds: 300,
      choice: 'v1',
      steps: [
        { use: 'extract', with: {}, optional: false },
        { use: 'convert', with: { to: 'mp4', crf: 23 }, optional: false },
      ],
    })
  })

  test('takes a link after an option whose value may be left out for a link', async () => {
    const { house, terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('get', '--audio', film), 0)
    assert.equal(await jackdaw('get', '--audio', 'mp3', film), 0)
    assert.equal(await jackdaw('get', '--audio', 'a.example/talk'), 0)
    assert.deepEqual(
      house.wishes.map(({ link, options }) => [link, options?.audio]),
      [
        [film, 'best'],
        [film, 'mp3'],
        ['a.example/talk', 'best'],
      ],
    )
    assert.equal(await jackdaw('get', '--audio', 'ogg', film), 64)
    assert.match(terminal.err(), /--audio: expected mp3, m4a, opus, flac or wav, not "ogg"/)
  })

  test('with --to only, leaves nothing in the folder', async () => {
    const { house, jackdaw } = setUp()
    await jackdaw('get', film, '--to', 'library')
    assert.deepEqual(house.wishes[0]?.destinations, ['library'])
  })

  test('with --json prints an event per line and the finished job with its paths last', async () => {
    const { terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('get', film, '--json'), 0)
    const lines = terminal.lines().map((line) => JSON.parse(line) as Event | JobDetail)
    const job = lines.pop() as JobDetail & { assets: { path?: string }[] }
    assert.equal(job.state, 'done')
    assert.equal(job.assets[0]?.path, '/here/film.mp4')
    assert.equal(job.assets[0]?.sha256, '1'.padStart(64, '0'))
    assert.equal(job.assets[0]?.facts?.durationSeconds, 60)
    const types = lines.map((line) => ('type' in line ? line.type : 'none'))
    assert.deepEqual(types, ['job.queued', 'job.started', 'step.started', 'delivery.done', 'job.done'])
  })

  test('with --quiet says nothing but errors', async () => {
    const fine = setUp()
    await fine.jackdaw('get', film, '--quiet')
    assert.equal(fine.terminal.out() + fine.terminal.err(), '')
    const bad = setUp((id, house) => house.fail(id, 'source.gone', { reason: '404' }))
    assert.equal(await bad.jackdaw('get', film, '--quiet'), 66)
    assert.match(bad.terminal.err(), /film\.mp4: There is nothing at this link any more/)
  })

  test('follows a job to the end of its retry and not only to a failure that is past', async () => {
    const { terminal, jackdaw } = setUp((id, house) => {
      house.fail(id, 'source.broken', { reason: '500' })
      house.change(id, { state: 'queued' })
      house.emit('job.retried', id, {})
      setImmediate(() => house.finish(id))
    })
    assert.equal(await jackdaw('get', film), 0)
    assert.match(terminal.out(), /✓ film\.mp4/)
  })

  test('takes up a job that is there already', async () => {
    const { house, jackdaw } = setUp(() => undefined)
    const { id } = house.start({ link: film, destinations: ['folder:/here'] })
    house.progress(id, { unit: 'bytes', done: 1, of: 2 })
    const done = jackdaw('get', film)
    setImmediate(() => house.finish(id))
    assert.equal(await done, 0)
    assert.equal(house.jobs.size, 1)
  })

  test('starts a list as a batch, in order, with titles as names', async (t) => {
    const cwd = folder(t)
    writeFileSync(join(cwd, 'list.txt'), '# two\nFirst: https://a.example/1\nhttps://a.example/2\n')
    const { house, terminal, jackdaw } = setUp(undefined, { cwd })
    assert.equal(await jackdaw('get', '--list', 'list.txt', 'https://a.example/0'), 0)
    assert.deepEqual(
      house.wishes.map(({ link, options, batch }) => [link, options?.name, batch]),
      [
        ['https://a.example/0', undefined, 'b1'],
        ['https://a.example/1', 'First', 'b1'],
        ['https://a.example/2', undefined, 'b1'],
      ],
    )
    assert.match(String(terminal.lines().at(-1)), /^3 done/)
  })

  test('reads a list from standard input', async () => {
    const { house, jackdaw } = setUp(undefined, { stdin: Readable.from(['https://a.example/1\n']) })
    assert.equal(await jackdaw('get', '--list', '-'), 0)
    assert.equal(house.wishes[0]?.link, 'https://a.example/1')
  })

  test('starts nothing of a list with a bad line, unless told to leave it out', async (t) => {
    const cwd = folder(t)
    writeFileSync(join(cwd, 'list.txt'), 'https://a.example/1\nnonsense\n')
    const { house, terminal, jackdaw } = setUp(undefined, { cwd })
    assert.equal(await jackdaw('get', '--list', 'list.txt'), 64)
    assert.match(terminal.err(), /line 2: there is no link in it/)
    assert.equal(house.wishes.length, 0)
    assert.equal(await jackdaw('get', '--list', 'list.txt', '--skip-bad'), 0)
    assert.equal(house.wishes.length, 1)
  })

  test('exits with the first failure of a batch, in the order in which it was asked for', async () => {
    const { terminal, jackdaw } = setUp((id, house) => {
      if (id === 'j1') house.finish(id)
      else if (id === 'j2') setImmediate(() => house.fail(id, 'destination.full', { path: '/x' }))
      else house.fail(id, 'source.gone', { reason: '410' })
    })
    assert.equal(await jackdaw('get', 'http://a.example/1', 'http://a.example/2', 'http://a.example/3'), 73)
    assert.match(String(terminal.lines().at(-1)), /^1 done, 2 failed/)
  })

  test('follows a large batch on one stream and misses none', async () => {
    const { house, terminal, jackdaw } = setUp((id, house) => {
      house.progress(id, { unit: 'bytes', done: 1, of: 2 })
      if (id === 'j77') house.fail(id, 'source.gone', { reason: '404' })
      else house.finish(id, 10)
    })
    const links = Array.from({ length: 200 }, (_, index) => `http://a.example/${index}`)
    assert.equal(await jackdaw('get', ...links), 66)
    assert.match(String(terminal.lines().at(-1)), /^199 done, 1 failed {2}1\.9 KiB/)
    assert.equal(house.asked.filter((path) => path === 'jobs.events').length, 0)
    assert.equal(house.asked.filter((path) => path === 'queue.events').length, 1)
  })

  test('follows a link that was given twice once', async () => {
    const { terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('get', film, film), 0)
    assert.match(String(terminal.lines().at(-1)), /^1 done/)
  })

  test('at Ctrl-C says how to go on, closes the house and exits with 130', async () => {
    const { terminal, state, jackdaw } = setUp((id, house) => {
      house.progress(id, { unit: 'bytes', done: 1, of: 2 })
      setImmediate(() => terminal.interrupt())
    })
    assert.equal(await jackdaw('get', film), 130)
    assert.match(terminal.err(), /run the same command again to go on — bytes are kept/)
    assert.equal(state.closed, 1)
  })

  test('at Ctrl-C leaves a job of a server running and says how to look again', async () => {
    const play: Play = () => void setImmediate(() => terminal.interrupt())
    const { house, terminal, jackdaw } = setUp(play, { where: 'server' })
    assert.equal(await jackdaw('get', film), 130)
    assert.match(terminal.err(), /jackdaw job j1 --follow/)
    assert.ok(!house.asked.some((path) => path === 'jobs.cancel' || path === 'jobs.pause'))
  })

  test('with --no-wait prints the id and leaves', async () => {
    const { terminal, jackdaw } = setUp(() => undefined, { where: 'server' })
    assert.equal(await jackdaw('get', film, '--no-wait'), 0)
    assert.equal(terminal.out(), 'j1\n')
  })

  test('takes links that begin with a dash after two dashes only', async () => {
    const { house, terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('get', '-xhttp://a.example'), 64)
    assert.match(terminal.err(), /unknown option/)
    assert.equal(await jackdaw('get', '--', '-rf'), 0)
    assert.equal(house.wishes[0]?.link, '-rf')
  })

  test('says a refused link in words, with the exit code of its family', async () => {
    const { terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('get', 'bad:link'), 64)
    assert.equal(terminal.err(), 'jackdaw: This is not a link that can be fetched: no such scheme. (link.invalid)\n')
  })

  test('with --json says a fault as JSON too', async () => {
    const { terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('get', 'bad:link', '--json'), 64)
    assert.equal((JSON.parse(terminal.out()) as { fault: { code: string } }).fault.code, 'link.invalid')
  })

  test('refuses what makes no sense before it opens the house', async () => {
    const { terminal, house, jackdaw } = setUp()
    for (const argv of [[], ['a', 'b', '--name', 'x'], [film, '--limit', 'fast'], [film, '--connections', '0']]) {
      assert.equal(await jackdaw('get', ...argv), 64, argv.join(' '))
    }
    assert.match(terminal.err(), /--limit: expected a size/)
    assert.deepEqual(house.asked, [])
  })

  test('redraws in a terminal and leaves only finished lines and the summary', async () => {
    const { terminal, jackdaw } = setUp(
      (id, house) => {
        house.progress(id, { unit: 'bytes', done: 1, of: 2 })
        house.finish(id)
      },
      { tty: true, env: { NO_COLOR: '1' } },
    )
    assert.equal(await jackdaw('get', film), 0)
    assert.match(terminal.out(), /✓ film\.mp4 {2}3\.0 MiB/)
    assert.ok(!terminal.out().includes('\u001b[32m'), 'NO_COLOR is obeyed')
    assert.match(terminal.out(), /1 done {2}3\.0 MiB in [^\n]+\n$/)
  })

  for (const [labels, says] of [
    [['fetch'], /✓ film\.mp4[^]*film\.mp4: there are no subtitles in xx,yy\n1 done/],
    [['fetch', 'subtitle'], /✓ film\.mp4[^\n]*\n1 done/],
    [[], /✓ film\.mp4[^\n]*\n1 done/],
  ] as const) {
    test(`says when subtitles that were asked for are not there: ${labels.join(' ')}`, async () => {
      const ended = { engine: 'http', state: 'done', tries: 0, readyAt: null, startedAt: null, endedAt: null } as const
      const { terminal, jackdaw } = setUp((id, at) => {
        at.change(id, { steps: labels.map((label) => ({ id: label, kind: 'fetch', label, ...ended })) })
        at.finish(id)
      })
      assert.equal(await jackdaw('get', film, '--subs', 'xx', '--subs', 'yy'), 0)
      assert.match(terminal.out(), says)
    })
  }
})

describe('the other commands', () => {
  test('begin a job anew with what was missing', async (t) => {
    const cwd = folder(t)
    writeFileSync(join(cwd, 'secret.txt'), 'sesame\n')
    const { house, jackdaw } = setUp(() => undefined, { cwd })
    house.start({ link: film })
    house.fail('j1', 'process.password', { name: 'a.zip' })
    assert.equal(await jackdaw('retry', 'j1', '--archive-password-file', 'secret.txt', '--recipe', 'plain'), 0)
    assert.deepEqual(house.retries, [{ id: 'j1', recipe: 'plain', secrets: { archivePassword: 'sesame' } }])
    assert.equal(await jackdaw('retry', 'j1'), 0)
    assert.deepEqual(house.retries[1], { id: 'j1' })
  })

  test('show one engine with its options', async () => {
    const { house, terminal, jackdaw } = setUp()
    const options = { type: 'object', properties: { crf: { type: 'integer', minimum: 0, maximum: 51, default: 23 } } }
    const convert = { kind: 'processor', name: 'convert', title: 'Converts' } as const
    house.engines = [{ ...convert, available: true, says: '', tools: [], options }]
    assert.equal(await jackdaw('engines', 'convert'), 0)
    assert.match(terminal.out(), /✓ convert {2}processor: Converts\n {2}crf {2}number 0–51 \(23 when absent\)/)
    assert.equal(await jackdaw('engines', 'convrt'), 64)
    assert.match(terminal.err(), /There is no engine convrt \(did you mean convert\?\)/)
  })

  test('list, show and change jobs', async () => {
    const { house, terminal, jackdaw } = setUp(() => undefined)
    house.start({ link: film })
    house.start({ link: 'http://a.example/other' })
    house.finish('j2')
    assert.equal(await jackdaw('jobs', '--state', 'open'), 0)
    assert.match(terminal.out(), /j1 +queued +film\.mp4/)
    assert.ok(!terminal.out().includes('j2'))
    assert.equal(await jackdaw('job', 'j2', '--json'), 0)
    assert.equal((JSON.parse(String(terminal.lines().at(-1))) as JobDetail).id, 'j2')
    assert.equal(await jackdaw('pause', 'j1', 'jx'), 64)
    assert.equal(house.job('j1').state, 'paused')
    assert.match(terminal.err(), /There is no job jx/)
    assert.equal(await jackdaw('cancel', 'j1'), 0)
    assert.equal(await jackdaw('job', 'j1', '--follow'), 130)
    assert.equal(await jackdaw('jobs', '--state', 'lost'), 64)
  })

  test('keep the queue', async () => {
    const { house, terminal, jackdaw } = setUp(() => undefined)
    house.start({ link: film })
    assert.equal(await jackdaw('queue', 'priority', 'j1', '-1'), 0)
    assert.equal(house.job('j1').priority, -1)
    assert.equal(await jackdaw('queue', 'priority', 'j1', '7'), 64)
    assert.equal(await jackdaw('queue', 'move', 'j1', 'before:j2'), 0)
    assert.equal(await jackdaw('queue', 'move', 'j1', 'somewhere'), 64)
    assert.equal(await jackdaw('queue', 'limit', 'fetch=4', 'bandwidth=5M', 'per-site=1'), 0)
    assert.match(terminal.out(), /fetch +4\n/)
    assert.match(terminal.out(), /bandwidth +5\.0 MiB\/s/)
    assert.equal(await jackdaw('queue', 'limit', 'fetch=many'), 64)
    assert.equal(await jackdaw('queue', 'pause'), 0)
    assert.equal(house.paused, true)
    assert.equal(await jackdaw('queue'), 0)
    assert.match(terminal.out(), /The queue is paused/)
  })

  test('keep the library, and say by the exit code that something in it is damaged', async () => {
    const { terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('library', 'ls', 'a', 'film'), 0)
    assert.equal(await jackdaw('library', 'show', 'a1'), 0)
    assert.equal(await jackdaw('library', 'link', 'a1', '--expires', '7d', '--uses', '3'), 0)
    assert.match(terminal.out(), /https:\/\/house\.example\/files\/l1/)
    assert.equal(await jackdaw('library', 'links', 'a1'), 0)
    assert.equal(await jackdaw('library', 'extend', 'l1', '--expires', 'later'), 64)
    assert.equal(await jackdaw('library', 'revoke', 'l1'), 0)
    assert.equal(await jackdaw('library', 'rm', 'a1'), 0)
    assert.equal(await jackdaw('library', 'verify'), 70)
  })

  test('all have help with examples', async () => {
    const { terminal, jackdaw } = setUp()
    for (const name of 'get serve jobs job pause resume cancel retry queue recipes prefer library engines doctor update config'.split(
      ' ',
    )) {
      const before = terminal.out().length
      assert.equal(await jackdaw(name, '--help'), 0)
      assert.match(terminal.out().slice(before), new RegExp(`Examples:\n {2}jackdaw ${name}`), name)
    }
    assert.equal(await jackdaw('--version'), 0)
    assert.match(terminal.out(), /1\.2\.3\n$/)
    assert.equal(await jackdaw('nonsense'), 64)
  })

  test('library alone lists what is kept', async () => {
    const { terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('library', '--json'), 0)
    assert.doesNotMatch(terminal.out() + terminal.err(), /Usage:/)
  })

  test('get groups its options under headings, each once', async () => {
    const { terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('get', '--help'), 0)
    const headings = terminal.out().match(/^[A-Z][a-z ]+:$/gm)
    const groups = ['Where to', 'What to take', 'Clips', 'Lists', 'What is made of it', 'Choices', 'Access']
    for (const group of groups) assert.equal(headings?.filter((one) => one === `${group}:`).length, 1, group)
    assert.match(terminal.out(), /Lists:\n +--items [^]* +--list <file>[^]*What is made of it:\n +--recipe/)
  })

  test('name the incident of a bug and no stack, unless it is debugged', async () => {
    const terminal = fakeTerminal()
    const host = fakeHost(terminal, async () => {
      throw new TypeError('x is not a function')
    })
    assert.equal(await runCli(['jobs'], host), 70)
    assert.match(terminal.err(), /\/data\/log\/cli\.log has the details under abc123/)
    assert.ok(!terminal.err().includes('not a function'))
    assert.equal(await runCli(['jobs', '--log-level', 'debug'], host), 70)
    assert.match(terminal.err(), /x is not a function\n +at /)
  })
})
