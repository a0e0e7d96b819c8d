import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Event } from '@jackdaw/contract/events.ts'
import type { JobDetail } from '@jackdaw/contract/nouns/job.ts'
import { setUp } from '#test/fakes/command-line.ts'
import { FakeHouse, type Play } from '#test/fakes/contract-house.ts'
import { followMany } from './follow-many.ts'

describe('jackdaw get with a list behind the link', () => {
  const links = ['One', 'Two', 'Three'].map((name) => `https://a.example/${name}`)
  const list = 'https://a.example/list'
  /** The list opens, its second entry is gone, and it ends with its entries. */
  const play =
    (skipped: { title: string; reason: string }[] = []): Play =>
    (id, house) => {
      const job = house.job(id)
      if (job.link === list) return void house.expand(id, 'Lectures', links, skipped)
      if (job.link.endsWith('Two')) house.fail(id, 'source.gone', { reason: '404' })
      else house.finish(id, 10)
      const all = [...house.jobs.values()].filter(({ batch }) => batch?.id === 'b-j1')
      if (all.length < 3 || !all.every(({ endedAt }) => endedAt !== null)) return
      house.fail('j1', 'source.partial', { failed: 1, count: 3, names: '"Two"' })
    }

  test('follows its entries and ends with totals and names', async () => {
    const { terminal, jackdaw } = setUp(play([{ title: 'Four', reason: 'private' }]))
    assert.equal(await jackdaw('get', list), 66)
    assert.match(terminal.out(), /^Lectures: a list of 3$/m)
    assert.match(terminal.out(), /^[123]\/3 {2}✓ One {2}10 B/m)
    assert.match(terminal.out(), /^✗ Lectures {2}2 of 3 fetched$/m)
    const lines = terminal.lines().slice(-4)
    assert.match(String(lines[0]), /^✗ Two: There is nothing at this link any more \(404\)/)
    assert.equal(lines[1], '– Four: skipped: private')
    assert.match(String(lines[2]), /try what failed again: jackdaw retry j1/)
    assert.match(String(lines[3]), /^2 done, 1 failed, 1 skipped {2}20 B in /)
  })

  test('in a terminal has a line for the whole list', async () => {
    const { terminal, house, jackdaw } = setUp(
      (id, at) => {
        if (at.job(id).link === list) at.expand(id, 'Lectures', links)
        else if (id !== 'j4') at.finish(id, 10)
      },
      { tty: true, env: { NO_COLOR: '1' } },
    )
    const done = jackdaw('get', list)
    await terminal.shows(/Lectures .* 2\/3 items/)
    house.finish('j4', 10)
    house.end('j1')
    assert.equal(await done, 0)
    assert.match(terminal.out(), /✓ Lectures {2}3 fetched\n/)
    assert.match(terminal.out(), /3 done {2}30 B in [^\n]+\n$/)
  })

  test('as one link of many follows its entries too', async () => {
    const others = Array.from({ length: 9 }, (_, at) => `https://a.example/other${at}`)
    const { terminal, jackdaw } = setUp((id, house) => {
      if (house.job(id).link !== list) return house.finish(id, 10)
      house.expand(id, 'Lectures', links)
      // After its entries, as a house does.
      setImmediate(() => setImmediate(() => house.end(id)))
    })
    assert.equal(await jackdaw('get', list, ...others), 0)
    assert.match(String(terminal.lines().at(-1)), /^12 done {2}120 B in /)
  })

  test('with --json prints the events of the entries, and every job at its end', async () => {
    const { terminal, jackdaw } = setUp(play())
    assert.equal(await jackdaw('get', list, '--json'), 66)
    const lines = terminal.lines().map((line) => JSON.parse(line) as Event | JobDetail)
    const jobs = lines.flatMap((line) => ('state' in line ? [line.id] : []))
    assert.deepEqual(jobs.toSorted(), ['j1', 'j2', 'j3', 'j4'])
    assert.ok(lines.some((line) => 'type' in line && line.type === 'job.expanded'))
  })
})

test('a list that no event told of is found when all jobs are looked at', async () => {
  const house = new FakeHouse((id, at) => {
    if (at.job(id).link !== 'https://a.example/list') return at.finish(id, 10)
    at.expand(id, 'Lectures', ['https://a.example/One', 'https://a.example/Two'])
    at.end(id)
  })
  const client = house.client()
  const silent = async () => (async function* () {})()
  const deaf = { ...client, jobs: client.jobs, queue: { ...client.queue, events: silent } } as unknown as typeof client
  const links = ['list', ...Array.from({ length: 9 }, (_, at) => `other${at}`)]
  const ended: string[] = []
  const lists: string[] = []
  const start = () => client.jobs.startMany({ lines: links.map((name) => ({ link: `https://a.example/${name}` })) })
  await followMany(deaf, links.length, start, {
    signal: new AbortController().signal,
    lookMs: 1,
    started: () => undefined,
    expanded: (list, jobs) => void lists.push(`${list.title} ${jobs.length}`),
    ended: (job) => void ended.push(job.title),
    watcher: { event: () => undefined, broken: () => undefined, mended: () => undefined },
  })
  assert.deepEqual(lists, ['Lectures 2'])
  assert.deepEqual(ended.toSorted(), ['Lectures', 'One', 'Two', ...links.slice(1)].toSorted())
})
