import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { TestRun } from '#test/fakes/run.ts'
import { Site } from '#test/fakes/site/site.ts'
import { direct } from './source.ts'

let site: Site
before(async () => void (site = await Site.start()))
after(async () => await site[Symbol.asyncDispose]())

async function resolve(link: string, options: Parameters<typeof direct.resolve>[1] = {}): Promise<unknown> {
  await using run = await TestRun.start()
  return await direct.resolve({ kind: 'url', text: link }, options, run)
}

test('a redirect to a file of this machine is not followed', async () => {
  const link = `${site.origin}/redirect?to=${encodeURIComponent('file:///etc/passwd')}`
  await assert.rejects(resolve(link), (error) => isFault(error, 'source.broken') && error.next === 'stop')
})

test('redirects without end are given up', async () => {
  await assert.rejects(
    resolve(site.file(10, 'redirects=500')),
    (error) => isFault(error, 'source.broken') && error.next === 'stop',
  )
})

test('a head of megabytes is refused', async () => {
  await assert.rejects(resolve(site.file(10, 'hugehead=2000000')), (error) => isFault(error, 'source.broken'))
})

for (const [name, value] of [
  ['X-A', 'b\r\nX-Injected: 1'],
  ['X-A', 'b\nc'],
  ['X-A', 'b\0'],
  ['X A', 'b'],
  ['Host', 'inside.example'],
  ['Transfer-Encoding', 'chunked'],
] as const) {
  test(`the header ${JSON.stringify(`${name}: ${value}`)} is refused`, async () => {
    await assert.rejects(resolve(site.file(10), { headers: { [name]: value } }), (error) =>
      isFault(error, 'input.invalid'),
    )
  })
}

test('no secret shows in a fault', async () => {
  const options = { user: 'me', password: 'hunter2hunter2', headers: { 'X-Token': 'hunter3hunter3' } }
  const error: unknown = await resolve(site.file(10, 'fail=500'), options).catch((e: unknown) => e)
  assert.ok(isFault(error))
  assert.doesNotMatch(JSON.stringify(error.view()) + error.message, /hunter/)
})
