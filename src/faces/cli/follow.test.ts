import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Event } from '@jackdaw/contract/events.ts'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { FakeHouse } from '#test/fakes/contract-house.ts'
import { follow, followJob } from './follow.ts'

const at = '2026-01-01T00:00:00.000Z'
const started = (seq: number): Event => ({ type: 'job.started', seq, at, data: {} })

function watcher() {
  const seen: (number | undefined)[] = []
  const said: string[] = []
  return {
    seen,
    said,
    event: (event: Event) => void seen.push(event.seq),
    broken: () => void said.push('broken'),
    mended: () => void said.push('mended'),
  }
}

describe('following', () => {
  test('asks from the last event on after a break, and drops what comes twice', async () => {
    const watch = watcher()
    const asked: (number | undefined)[] = []
    await follow(
      async (since) => {
        asked.push(since)
        return (async function* () {
          for (let seq = 1; seq <= asked.length * 2; seq++) yield started(seq)
          if (asked.length < 3) throw new TypeError('terminated')
        })()
      },
      { watcher: watch, signal: new AbortController().signal },
      { seen: async () => false, closed: async () => asked.length === 3 && watch.seen.length === 6 },
    )
    assert.deepEqual(asked, [undefined, 0, 0])
    assert.deepEqual(watch.seen, [1, 2, 3, 4, 5, 6])
    assert.deepEqual(watch.said, ['broken', 'mended', 'broken', 'mended'])
  })

  test('tells of an event that was committed late and has a lower number', async () => {
    const watch = watcher()
    const asked: (number | undefined)[] = []
    await follow(
      async (since) => {
        asked.push(since)
        return (async function* () {
          for (const seq of [1000, 1002, 1001, 1002]) yield started(seq)
          if (asked.length < 2) throw new TypeError('terminated')
        })()
      },
      { watcher: watch, signal: new AbortController().signal },
      { seen: async () => false, closed: async () => asked.length === 2 && watch.seen.length === 3 },
    )
    assert.deepEqual(watch.seen, [1000, 1002, 1001])
    assert.deepEqual(asked, [undefined, 802])
  })

  test('gives up when a server stays away, and says so', async () => {
    const unreachable = () => Promise.reject(new Fault('house.unreachable', { reason: 'ECONNREFUSED' }))
    const how = { watcher: watcher(), signal: new AbortController().signal, patienceMs: 50 }
    const never = async () => false
    await assert.rejects(follow(unreachable, how, { seen: never, closed: never }), (error) => {
      return isFault(error, 'house.unreachable')
    })
  })

  test('throws what the house said last, if it said something', async () => {
    const down = () => Promise.reject(new Fault('house.database', { reason: 'ECONNREFUSED' }))
    const watch = watcher()
    const how = { watcher: watch, signal: new AbortController().signal, patienceMs: 250 }
    const never = async () => false
    await assert.rejects(follow(down, how, { seen: never, closed: never }), (error) => isFault(error, 'house.database'))
    assert.deepEqual(watch.said, ['broken'])
  })

  test('does not ask again after a fault that will not pass', async () => {
    const house = new FakeHouse()
    const how = { watcher: watcher(), signal: new AbortController().signal }
    await assert.rejects(followJob(house.client(), 'jx', how), (error) => isFault(error, 'input.unknown'))
    assert.equal(house.asked.length, 1)
  })

  test('ends at once when it is stopped, although nothing comes', async () => {
    const stop = new AbortController()
    const silent = async () => ({
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<Event>>(() => setImmediate(() => stop.abort())),
      }),
    })
    const never = async () => false
    const how = { watcher: watcher(), signal: stop.signal }
    await assert.rejects(follow(silent, how, { seen: never, closed: never }), { name: 'AbortError' })
  })

  test('learns from the job itself that its end came while the connection was broken', async () => {
    const house = new FakeHouse(() => undefined)
    const { id } = house.start({ link: 'http://a.example/x' })
    const client = house.client()
    let opened = 0
    const events = async () => {
      if (++opened === 1) {
        return (async function* () {
          yield started(1)
          house.finish(id)
          throw new TypeError('terminated')
        })()
      }
      // A server that has nothing more to tell and keeps the stream open.
      return (async function* (): AsyncGenerator<Event> {
        await new Promise(() => undefined)
        yield started(2)
      })()
    }
    const broken = { ...client, jobs: { ...client.jobs, get: client.jobs.get, events } } as unknown as typeof client
    const job = await followJob(broken, id, { watcher: watcher(), signal: new AbortController().signal })
    assert.equal(job.state, 'done')
  })
})
