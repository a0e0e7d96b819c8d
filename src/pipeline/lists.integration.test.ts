import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Event } from '@jackdaw/contract/events.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Media } from '@jackdaw/contract/nouns/media.ts'
import { idleEngines, idlePart, testPipeline, type TestPipeline } from '#test/pipeline.ts'
import { testDatabase } from '#test/postgres.ts'

const site = 'https://site.example'
/** Lists of the far side by path, and what is behind any other link. */
type Far = Readonly<Record<string, () => Partial<Media>>>

async function house(t: TestContext, far: Far): Promise<TestPipeline> {
  const { url } = await testDatabase(t)
  const [idle] = idleEngines.sources
  assert.ok(idle)
  const source = {
    ...idle,
    resolve: async (link: { text: string }): Promise<Media> => ({
      title: `title of ${link.text}`,
      source: 'idle',
      parts: far[link.text] ? [] : [idlePart('x')],
      ...far[link.text]?.(),
    }),
  }
  const pipeline = await testPipeline(t, url, { ...idleEngines, sources: [source] })
  await pipeline.worker()
  return pipeline
}

const entries = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ link: `${site}/${at + 1}`, title: `Item ${at + 1}` }))

async function children({ pool }: TestPipeline, job: string) {
  const { rows } = await pool.query<{
    id: string
    title: string
    state: string
    options: { prefix?: string }
    destinations: string[]
  }>(
    'select k.id, k.title, k.state, k.options, k.destinations from jobs j join jobs k on k.batch_id = j.list_id where j.id = $1 order by k.batch_index',
    [job],
  )
  return rows
}

test('each entry of a list is a job of its own, numbered, in a folder of the list, and the list ends with the last', async (t) => {
  const pipeline = await house(t, { [`${site}/list`]: () => ({ title: 'My/List', entries: entries(12) }) })
  const [job = ''] = await pipeline.start({
    link: { kind: 'url', text: `${site}/list` },
    destinations: ['nowhere'],
    priority: 1,
    category: 'films',
  })
  assert.equal(await pipeline.until(job), 'done')
  const jobs = await children(pipeline, job)
  assert.deepEqual(
    jobs.map(({ state }) => state),
    Array.from({ length: 12 }, () => 'done'),
  )
  assert.deepEqual(jobs.map(({ options }) => options.prefix).slice(0, 3), ['01 ', '02 ', '03 '])
  assert.equal(jobs[4]?.title, `title of ${site}/5`)
  const { rows } = await pipeline.pool.query('select distinct priority, category from jobs')
  assert.deepEqual(rows, [{ priority: 1, category: 'films' }])
  const { rows: events } = await pipeline.pool.query(
    `select data - 'batch' as data from events where type = 'job.expanded' and job_id = $1`,
    [job],
  )
  const { rows: all } = await pipeline.pool.query('select seq::int, type, job_id as job, at::text, data from events')
  for (const event of all) Event.parse(event)
  assert.deepEqual(events, [{ data: { title: 'My/List', count: 12, inAll: 12, skipped: [] } }])
})

test('what cannot be had is skipped and named; what fails fails the list, which can be begun anew for those alone', async (t) => {
  let broken = true
  const pipeline = await house(t, {
    [`${site}/list`]: () => ({
      entries: [
        ...entries(3),
        { link: `${site}/private`, title: 'Secret', unavailable: 'it is private' },
        { link: 'file:///etc/passwd', title: 'Evil' },
      ],
    }),
    [`${site}/2`]: () => {
      if (broken) throw new Fault('source.gone', { reason: 'HTTP 404' })
      return { parts: [idlePart('x')] }
    },
  })
  const [job = ''] = await pipeline.start(`${site}/list`)
  assert.equal(await pipeline.until(job), 'failed')
  const { rows } = await pipeline.pool.query<{ fault: { code: string; says: string } }>(
    'select fault from jobs where id = $1',
    [job],
  )
  assert.equal(rows[0]?.fault.code, 'source.partial')
  assert.match(rows[0]?.fault.says ?? '', /^1 of 3 could not be fetched: "Item 2"/)
  const { rows: events } = await pipeline.pool.query<{ skipped: { title: string; reason: string }[] }>(
    `select data -> 'skipped' as skipped from events where type = 'job.expanded'`,
  )
  assert.deepEqual(
    events[0]?.skipped.map(({ title }) => title),
    ['Secret', 'Evil'],
  )
  assert.equal(events[0]?.skipped[0]?.reason, 'it is private')

  broken = false
  const before = await children(pipeline, job)
  const begun = await pipeline.queue.restartList(job)
  assert.deepEqual(begun, [before[1]?.id])
  pipeline.bus.publish({ kind: 'ready' })
  assert.equal(await pipeline.until(job), 'done')
  assert.equal((await children(pipeline, job)).length, 3)
})

test('a list that leads back to itself, and lists without an end, are told apart from lists in lists', async (t) => {
  const pipeline = await house(t, {
    [`${site}/channel`]: () => ({
      entries: [{ link: `${site}/playlist` }, { link: `${site}/channel`, title: 'itself' }],
    }),
    [`${site}/playlist`]: () => ({ entries: [{ link: `${site}/film` }, { link: `${site}/channel`, title: 'above' }] }),
    ...Object.fromEntries(
      Array.from({ length: 6 }, (_, at) => [
        `${site}/deep/${at}`,
        () => ({ entries: [{ link: `${site}/deep/${at + 1}` }] }),
      ]),
    ),
  })
  const [channel = '', deep = ''] = await pipeline.start(`${site}/channel`, `${site}/deep/0`)
  assert.equal(await pipeline.until(channel), 'done')
  const { rows } = await pipeline.pool.query<{ title: string }>(
    `select x ->> 'title' as title from events, jsonb_array_elements(data -> 'skipped') x where type = 'job.expanded'`,
  )
  assert.deepEqual(rows.map(({ title }) => title).toSorted(), ['above', 'itself'])
  assert.equal(await pipeline.until(deep), 'failed')
  const { rows: faults } = await pipeline.pool.query(
    `select fault ->> 'code' as code from jobs where fault ->> 'code' <> 'source.partial'`,
  )
  assert.deepEqual(faults, [{ code: 'source.malformed' }])
})

test('an empty list, and one of which nothing can be had, are faults', async (t) => {
  const pipeline = await house(t, {
    [`${site}/empty`]: () => ({ entries: [] }),
    [`${site}/private`]: () => ({ entries: [{ link: `${site}/1`, title: 'One', unavailable: 'it is private' }] }),
  })
  const [empty = '', nothing = ''] = await pipeline.start(`${site}/empty`, `${site}/private`)
  assert.equal(await pipeline.until(empty), 'failed')
  assert.equal(await pipeline.until(nothing), 'failed')
  const { rows } = await pipeline.pool.query<{ says: string }>(
    `select fault ->> 'says' as says from jobs where id = $1`,
    [nothing],
  )
  assert.match(rows[0]?.says ?? '', /One \(it is private\)/)
})

test('of a longer list the first ten thousand entries become jobs, and it is said how many there are', async (t) => {
  const pipeline = await house(t, { [`${site}/list`]: () => ({ entries: entries(10_050), entriesInAll: 10_000_000 }) })
  const [job = ''] = await pipeline.start(`${site}/list`)
  const counted = async () =>
    (
      await pipeline.pool.query<{ data: { count: number; inAll: number } }>(
        `select data from events where type = 'job.expanded'`,
      )
    ).rows[0]?.data
  while (!(await counted())) await new Promise((resolve) => setTimeout(resolve, 20))
  const data = await counted()
  assert.deepEqual([data?.count, data?.inAll], [10_000, 10_000_000])
  // A list is cancelled with all of its entries.
  const { rows } = await pipeline.pool.query<{ list_id: string }>('select list_id from jobs where id = $1', [job])
  await pipeline.queue.ask(job, 'cancel')
  await pipeline.queue.askBatch(rows[0]?.list_id ?? '', 'cancel')
  pipeline.bus.publish({ kind: 'asked', jobs: [] })
  assert.equal(await pipeline.until(job), 'cancelled')
  const open = async () => (await pipeline.pool.query(`select from jobs where state in ('queued', 'running')`)).rowCount
  while ((await open()) !== 0) await new Promise((resolve) => setTimeout(resolve, 20))
})

test('the list as a text is delivered instead of its media when that was asked for', async (t) => {
  const pipeline = await house(t, { [`${site}/list`]: () => ({ title: 'My list', entries: entries(2) }) })
  const [job = ''] = await pipeline.start({ link: { kind: 'url', text: `${site}/list` }, options: { list: true } })
  assert.equal(await pipeline.until(job), 'failed') // the pipeline of this test has no transport for texts
  const { rows } = await pipeline.pool.query<{ engine: string; text: string; name: string }>(
    `select engine, input #>> '{part,request,text}' as text, input #>> '{part,name}' as name from steps where kind = 'fetch'`,
  )
  assert.deepEqual(rows, [
    { engine: 'text', name: 'My list.txt', text: `01 Item 1: ${site}/1\n02 Item 2: ${site}/2\n` },
  ])
})

test('what opens the site of a list is not told to others that it leads to', async (t) => {
  const elsewhere = 'https://other.example/film'
  const gone = () => {
    throw new Fault('source.gone', { reason: 'HTTP 404' })
  }
  const pipeline = await house(t, {
    [`${site}/list`]: () => ({ entries: [{ link: `${site}/1` }, { link: elsewhere }] }),
    [`${site}/1`]: gone,
    [elsewhere]: gone,
  })
  const secrets = { user: 'me', password: 'hush', headers: { 'x-token': 'hush' }, cookies: 'c', archivePassword: 'a' }
  const link = { kind: 'url', text: `${site}/list` }
  const [job = ''] = await pipeline.start({ link, sealed: JSON.stringify(secrets) })
  await pipeline.until(job)
  // What failed keeps its secrets for another try.
  const { rows } = await pipeline.pool.query<{ sealed: string }>(
    'select sealed from jobs where batch_id is not null order by batch_index',
  )
  assert.deepEqual(
    rows.map(({ sealed }) => JSON.parse(sealed) as unknown),
    [secrets, { cookies: 'c', archivePassword: 'a' }],
  )
})
