import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quiet } from '#test/postgres.ts'
import { testQueue } from '#test/queue.ts'
import { startChores, tidy } from './chores.ts'

test('old events, steps, answers, workers and programs go, and what is needed stays', async (t) => {
  const house = await testQueue(t)
  const [old = '', fresh = '', open = ''] = await house.add('a', 3)
  await house.queue.ask(old, 'cancel')
  await house.queue.ask(fresh, 'cancel')
  const [step] = await house.take()
  assert.equal(step?.job_id, open)
  for (const job of [old, fresh, open]) await house.extra(job, { kind: 'fetch' })
  await house.pool.query(`
    update events set at = now() - interval '31 days' where job_id = '${old}';
    update jobs set ended_at = now() - interval '31 days' where id = '${old}';
    update jobs set created_at = now() - interval '31 days' where id = '${open}';
    insert into workers values ('silent', 'there', 1, '', '', '{}', now() - interval '9 days', now() - interval '8 days');
    insert into workers values ('quiet', 'beyond', 1, '', '', '{}', now(), now() - interval '2 days');
    insert into children values ('gone', 1, 'here', 7, 's', 'b'), ('gone', 1, 'beyond', 8, 's', 'b'), ('${step.id}', 1, 'here', 9, 's', 'b');
    insert into idempotency values ('a', 'old', 'o', 'x', null, now() - interval '2 days'), ('a', 'new', 'o', 'x', null, now())`)
  const ports = { db: house.db, pool: house.pool, log: quiet, days: () => 30 }
  assert.deepEqual(await tidy(ports), { events: 2, steps: 1, workers: 1, children: 1, answers: 1 })
  assert.deepEqual(await tidy(ports), { events: 0, steps: 0, workers: 0, children: 0, answers: 0 })
  assert.deepEqual(await house.events(old), [])
  assert.deepEqual(await house.events(fresh), ['job.queued', 'job.cancelled'])
  const { rows } = await house.pool.query('select job_id, kind from steps order by job_id, index')
  assert.deepEqual(
    rows.map(({ job_id, kind }) => [job_id, kind]),
    [
      [old, 'resolve'],
      [fresh, 'resolve'],
      [fresh, 'fetch'],
      [open, 'resolve'],
      [open, 'fetch'],
    ].toSorted((a, b) => String(a[0]).localeCompare(String(b[0]))),
  )
  const { rows: left } = await house.pool.query('select pid from children order by pid')
  assert.deepEqual(left, [{ pid: 8 }, { pid: 9 }])
  assert.equal(await house.queue.restart(old), 'queued', 'an old job can still be begun anew')
})

test('more old rows than fit into one statement all go', async (t) => {
  const house = await testQueue(t)
  await house.pool.query(
    `insert into events (type, at, data) select 'job.started', now() - interval '2 days', '{}' from generate_series(1, 12000)`,
  )
  const tidied = await tidy({ db: house.db, pool: house.pool, log: quiet, days: () => 1 })
  assert.equal(tidied?.events, 12_000)
})

test('one process at a time, and the first round comes at once', async (t) => {
  const house = await testQueue(t)
  const ports = { db: house.db, pool: house.pool, log: quiet, days: () => 1 }
  const other = await house.pool.connect()
  await other.query('select pg_advisory_lock(7236, 4)')
  assert.equal(await tidy(ports), undefined)
  await other.query('select pg_advisory_unlock(7236, 4)')
  other.release()
  await house.pool.query(`insert into events (type, at, data) values ('job.started', now() - interval '2 days', '{}')`)
  {
    let told: (fields: object) => void = () => {}
    const removed = new Promise<object>((resolve) => (told = resolve))
    await using _ = startChores({
      ...ports,
      log: { ...quiet, info: (fields: unknown) => told(fields as object) } as never,
    })
    assert.deepEqual(await removed, { events: 1, steps: 0, workers: 0, children: 0, answers: 0 })
  }
})
