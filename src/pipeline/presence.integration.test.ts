import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ChildRecord, register, rememberChild, takeBack, unregister } from '#pipeline/presence.ts'
import { testQueue, type TestQueue } from '#test/queue.ts'

/** A worker on this machine that looks around; `alive` are the processes that run. */
function looking({ pool, queue }: TestQueue, alive: readonly number[], machine = 'here') {
  const killed: ChildRecord[] = []
  const look = () =>
    takeBack({
      pool,
      queue,
      machine,
      isAlive: async ({ pid }) => alive.includes(pid),
      killOrphans: async (children) => void killed.push(...children),
      forget: async () => {},
    })
  return { look, killed }
}

const process = (pid: number) => ({ pid, startTime: 's', bootId: 'b' })

async function running(house: TestQueue, worker: string, pid: number) {
  await register(house.pool, { id: worker, machine: 'here', roles: ['worker'], ...process(pid) })
  const [job = ''] = await house.add('a', 1)
  const [step] = await house.take({}, worker)
  assert.ok(step)
  await rememberChild(house.pool, {
    ...process(pid + 1),
    mark: `${step.id}.${step.attempt}`,
    step,
    machine: 'here',
  })
  return { job, step }
}

test('steps of a worker that died are taken back at once, and what they left running is ended first', async (t) => {
  const house = await testQueue(t)
  const { job, step } = await running(house, 'dead', 10)
  const other = await running(house, 'living', 20)
  const { look, killed } = looking(house, [20, 21])
  assert.deepEqual(await look(), [job])
  assert.deepEqual(
    killed.map(({ mark }) => mark),
    [`${step.id}.${step.attempt}`],
  )
  const { rows } = await house.pool.query('select id, state from steps order by id')
  assert.deepEqual(
    rows,
    [
      { id: step.id, state: 'ready' },
      { id: other.step.id, state: 'running' },
    ].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  )
  assert.deepEqual(await look(), [], 'the dead are forgotten')
})

test('workers of another machine are judged there', async (t) => {
  const house = await testQueue(t)
  await running(house, 'dead', 10)
  assert.deepEqual(await looking(house, [], 'elsewhere').look(), [])
})

test('programs of a dead worker are ended also when its steps went on elsewhere meanwhile', async (t) => {
  const house = await testQueue(t)
  const { step } = await running(house, 'dead', 10)
  await house.queue.release(step, 'dead')
  const [again] = await house.take({}, 'living')
  assert.equal(again?.id, step.id)
  await house.pool.query(`delete from workers where id = 'living'`)
  const { look, killed } = looking(house, [])
  assert.deepEqual(await look(), [])
  assert.equal(killed.length, 1)
})

test('a worker that leaves is forgotten, and seen again when it comes back', async (t) => {
  const house = await testQueue(t)
  const worker = { id: 'w', machine: 'here', roles: ['worker'], ...process(1) }
  await register(house.pool, worker)
  await register(house.pool, worker)
  assert.equal((await house.pool.query('select from workers')).rowCount, 1)
  await unregister(house.pool, 'w')
  assert.equal((await house.pool.query('select from workers')).rowCount, 0)
})
