import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Event } from '@jackdaw/contract/events.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Choice, Media } from '@jackdaw/contract/nouns/media.ts'
import { idleEngines, idlePart, testPipeline, type TestPipeline } from '#test/pipeline.ts'
import { testDatabase } from '#test/postgres.ts'

const choice = (id: string, height: number): Choice => ({ id, kind: 'video', label: id, height, parts: [idlePart(id)] })
const film: Partial<Media> = {
  parts: [],
  choices: [choice('big', 1080), choice('small', 360)],
  about: { author: 'somebody' },
}

async function house(
  t: TestContext,
  media: Partial<Media>,
  fetched: string[] = [],
  fetch?: () => Promise<[]>,
  others: Readonly<Record<string, Partial<Media>>> = {},
): Promise<TestPipeline> {
  const { url } = await testDatabase(t)
  const [source] = idleEngines.sources
  const [transport] = idleEngines.transports
  assert.ok(source && transport)
  const pipeline = await testPipeline(t, url, {
    ...idleEngines,
    sources: [
      {
        ...source,
        resolve: async ({ text }) => ({ title: 'A film', source: 'idle', parts: [], ...(others[text] ?? media) }),
      },
    ],
    transports: [{ ...transport, fetch: async (part) => (fetched.push(part.name), (await fetch?.()) ?? []) }],
  })
  await pipeline.worker()
  return pipeline
}

const wish = (options: object) => ({ link: { kind: 'url', text: 'https://e.example/' }, options })

test('one choice is fetched: the one that fits what was asked for', async (t) => {
  const fetched: string[] = []
  const pipeline = await house(t, film, fetched)
  const jobs = await pipeline.start(wish({}), wish({ quality: 480 }))
  for (const job of jobs) assert.equal(await pipeline.until(job), 'done')
  assert.deepEqual(fetched.toSorted(), ['big', 'small'])
  const { rows } = await pipeline.pool.query('select distinct about from jobs')
  assert.deepEqual(rows, [{ about: { author: 'somebody' } }])
})

async function asked({ pool }: TestPipeline, job: string): Promise<{ choices: number; until: string }> {
  for (;;) {
    const { rows } = await pool.query<{ data: { choices: number; until: string } }>(
      `select data from events where type = 'job.asked' and job_id = $1`,
      [job],
    )
    if (rows[0]) return rows[0].data
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

test('who is asked chooses, and the job goes on at once, also in another process', async (t) => {
  const fetched: string[] = []
  const pipeline = await house(t, film, fetched)
  const [job = ''] = await pipeline.start(wish({ chooseSeconds: 3600 }))
  assert.equal((await asked(pipeline, job)).choices, 2)
  assert.deepEqual(fetched, [])
  assert.equal(await pipeline.queue.choose(job, 'small'), true)
  pipeline.bus.publish({ kind: 'ready' })
  assert.equal(await pipeline.until(job), 'done')
  assert.deepEqual(fetched, ['small'])
  assert.equal(await pipeline.queue.choose(job, 'big'), false)
  const { rows } = await pipeline.pool.query('select media from jobs')
  assert.deepEqual(rows, [{ media: null }])
  // Whoever watches reads each of them by its schema.
  const { rows: events } = await pipeline.pool.query(
    'select seq::int, type, job_id as job, at::text, data from events where job_id = $1 order by seq',
    [job],
  )
  for (const event of events) Event.parse(event)
  assert.ok(events.length > 5)
})

test('when nobody chooses in time, what fits is taken', async (t) => {
  const fetched: string[] = []
  const pipeline = await house(t, film, fetched)
  const [job = ''] = await pipeline.start(wish({ chooseSeconds: 1, quality: 480 }))
  assert.equal(await pipeline.until(job), 'done')
  assert.deepEqual(fetched, ['small'])
})

test('a job that waits for a choice can be paused and cancelled; resumed, it waits on', async (t) => {
  const fetched: string[] = []
  const pipeline = await house(t, film, fetched)
  const [job = '', other = ''] = await pipeline.start(wish({ chooseSeconds: 3600 }), wish({ chooseSeconds: 3600 }))
  await asked(pipeline, job)
  await asked(pipeline, other)
  assert.equal(await pipeline.queue.ask(other, 'cancel'), 'cancelled')
  assert.equal(await pipeline.queue.ask(job, 'pause'), 'paused')
  assert.equal(await pipeline.queue.choose(job, 'small'), false)
  await pipeline.queue.ask(job, 'resume')
  pipeline.bus.publish({ kind: 'ready' })
  const { rows } = await pipeline.pool.query(
    `select state, ready_at > now() + interval '1 minute' as later from steps where engine = 'choose' and job_id = $1`,
    [job],
  )
  assert.deepEqual(rows, [{ state: 'waiting', later: true }])
  assert.equal(await pipeline.queue.choose(job, 'small'), true)
  pipeline.bus.publish({ kind: 'ready' })
  assert.equal(await pipeline.until(job), 'done')
  assert.deepEqual(fetched, ['small'])
})

test('of a list the members are chosen by their numbers', async (t) => {
  const fetched: string[] = []
  const entries = ['a', 'b', 'c'].map((name) => ({ link: `https://e.example/${name}`, title: name }))
  const pipeline = await house(t, film, fetched, undefined, {
    'https://e.example/': { entries, choices: [], parts: [] },
  })
  const [job = ''] = await pipeline.start(wish({ chooseSeconds: 3600, quality: 480 }))
  assert.equal((await asked(pipeline, job)).choices, 3)
  await pipeline.queue.choose(job, undefined, '2-')
  pipeline.bus.publish({ kind: 'ready' })
  assert.equal(await pipeline.until(job), 'done')
  assert.deepEqual(fetched.toSorted(), ['02 small', '03 small'])
  const { rows } = await pipeline.pool.query<{ text: string }>(
    `select link ->> 'text' as text from jobs where batch_id is not null order by 1`,
  )
  assert.deepEqual(
    rows.map(({ text }) => text),
    ['https://e.example/b', 'https://e.example/c'],
  )
})

test('where there is nothing to choose nobody is asked', async (t) => {
  const fetched: string[] = []
  const pipeline = await house(t, { parts: [idlePart('only')] }, fetched)
  const [job = ''] = await pipeline.start(wish({ chooseSeconds: 3600 }))
  assert.equal(await pipeline.until(job), 'done')
  assert.deepEqual(fetched, ['only'])
})

test('an address that was made for us and has run out is asked for anew, once', async (t) => {
  const fetched: string[] = []
  const old = new Date(Date.now() - 3_600_000).toISOString()
  const part = { ...idlePart('signed'), givenAt: old }
  const pipeline = await house(t, { parts: [part] }, fetched, async () => {
    throw new Fault('source.denied', { reason: 'HTTP 403' })
  })
  const [job = ''] = await pipeline.start(wish({}))
  assert.equal(await pipeline.until(job, 'failed'), 'failed')
  assert.deepEqual(fetched, ['signed', 'signed'])
  const { rows } = await pipeline.pool.query(`select fault ->> 'code' as code from jobs`)
  assert.deepEqual(rows, [{ code: 'source.expired' }])
})
