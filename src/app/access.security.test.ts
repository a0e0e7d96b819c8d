import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allows, ownerOnly } from './access.ts'

test('only the exact credentials of the owner are recognised', async () => {
  const authenticate = ownerOnly({ token: 'token-of-the-file', local: 'of-this-process' })
  assert.deepEqual(await authenticate('token-of-the-file'), { account: 'owner', role: 'owner', via: 'token' })
  assert.deepEqual(await authenticate('of-this-process'), { account: 'owner', role: 'owner', via: 'local' })
  for (const wrong of ['', 'token-of-the-fil', 'token-of-the-file ', 'TOKEN-OF-THE-FILE', 'undefined', '\0'.repeat(17)])
    assert.equal(await authenticate(wrong), undefined, wrong)
})

test('an absent or empty credential of the house matches nothing, not even nothing', async () => {
  for (const authenticate of [ownerOnly({}), ownerOnly({ token: '', local: '' })])
    for (const given of ['', 'undefined']) assert.equal(await authenticate(given), undefined)
})

test('a role opens what it may and nothing above', () => {
  const caller = (role: 'owner' | 'moderator' | 'member' | 'guest') => ({ account: 'a', role, via: 'token' }) as const
  assert.equal(allows('public', caller('guest')), true)
  assert.equal(allows('member', caller('guest')), false)
  assert.equal(allows('moderator', caller('member')), false)
  assert.equal(allows('owner', caller('moderator')), false)
  assert.equal(allows('owner', caller('owner')), true)
})
