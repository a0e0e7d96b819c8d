import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { Fault } from '@jackdaw/contract/faults.ts'
import { errno, fileFault, writing } from '#kernel/file-faults.ts'

const failed = (code: string) => Object.assign(new Error(code), { code, errno: -1, syscall: 'open' })

for (const [code, owner, expected] of [
  ['ENOSPC', 'house', 'house.disk-full'],
  ['ENOSPC', 'destination', 'destination.full'],
  ['EDQUOT', 'destination', 'destination.full'],
  ['EACCES', 'destination', 'destination.unwritable'],
  ['EROFS', 'house', 'house.unwritable'],
  ['ENOTDIR', 'destination', 'destination.unwritable'],
] as const) {
  test(`${code} in a folder of the ${owner} is ${expected}, with its path and cause`, () => {
    const cause = failed(code)
    const fault = fileFault(cause, '/srv/media', owner)
    assert.ok(fault instanceof Fault)
    assert.deepEqual([fault.code, fault.facts['path'], fault.cause], [expected, '/srv/media', cause])
  })
}

test('what is no matter of the file system comes back as it is', async () => {
  for (const thrown of [
    new Fault('lease.lost'),
    new Error('bug'),
    failed('EMFILE'),
    new DOMException('', 'AbortError'),
    'x',
  ]) {
    assert.equal(fileFault(thrown, '/x', 'house'), thrown)
  }
  // A code alone does not make an error of the operating system: Node's own errors have one too.
  assert.equal(errno(Object.assign(new Error('x'), { code: 'ERR_STREAM_DESTROYED' })), undefined)
  await assert.rejects(
    writing('/x', 'destination', () => readFile('/dev/null/x')),
    { code: 'destination.unwritable' },
  )
  assert.equal(await writing('/x', 'house', async () => 1), 1)
})
