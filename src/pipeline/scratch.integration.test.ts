import assert from 'node:assert/strict'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createBus } from '#kernel/bus.ts'
import { keepScratchClean } from '#pipeline/scratch.ts'
import { testFolder } from '#test/postgres.ts'
import { testQueue } from '#test/queue.ts'

const fault = { code: 'source.gone', says: '', next: 'stop' as const, facts: {} }

test('the folders of jobs that are over go, those of others stay', async (t) => {
  const house = await testQueue(t)
  const root = await testFolder(t)
  const [done = '', cancelled = '', failed = '', old = '', open = ''] = await house.add('a', 5)
  await house.queue.ask(open, 'pause')
  await house.queue.ask(cancelled, 'cancel')
  for (const step of await house.take())
    if (step.job_id === done) await house.queue.finish(step, { output: [] })
    else await house.queue.release(step, 'failed', { fault, tries: 1 })
  await house.pool.query(`update jobs set ended_at = now() - interval '25 hours' where id = $1`, [old])
  const jobs = [done, cancelled, failed, old, open]
  for (const folder of [...jobs, 'unknown']) await mkdir(join(root, folder, '1'), { recursive: true })
  const bus = createBus()
  {
    await using _ = keepScratchClean({ pool: house.pool, bus, root, failed: (error) => assert.fail(String(error)) })
    bus.publish({ kind: 'ended', jobs: [...jobs, 'unknown'] })
  }
  assert.deepEqual(await readdir(root), [failed, open].toSorted())
})

test('what was missed is found at the start', async (t) => {
  const house = await testQueue(t)
  const root = await testFolder(t)
  await mkdir(join(root, 'unknown'))
  const { promise, resolve } = Promise.withResolvers<void>()
  const pool = Object.create(house.pool, {
    query: {
      value: async (...how: Parameters<typeof house.pool.query>) => {
        const answer = await house.pool.query(...how)
        resolve()
        return answer
      },
    },
  }) as typeof house.pool
  {
    await using _ = keepScratchClean({ pool, bus: createBus(), root, failed: (error) => assert.fail(String(error)) })
    await promise
  }
  assert.deepEqual(await readdir(root), [])
})

test('a job that is just being begun anew keeps its folder', async (t) => {
  const house = await testQueue(t)
  const root = await testFolder(t)
  const [job = ''] = await house.add('a', 1)
  await house.queue.ask(job, 'cancel')
  await mkdir(join(root, job))
  const client = await house.pool.connect()
  await client.query('begin')
  await client.query('select restart($1)', [job])
  const bus = createBus()
  {
    await using _ = keepScratchClean({ pool: house.pool, bus, root, failed: (error) => assert.fail(String(error)) })
    bus.publish({ kind: 'ended', jobs: [job] })
  }
  await client.query('commit')
  client.release()
  assert.deepEqual(await readdir(root), [job])
})
