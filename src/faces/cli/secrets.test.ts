import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { fakeTerminal } from '#test/fakes/terminal.ts'
import { parseNetrc, secretsFor } from './secrets.ts'

describe('secrets for the far side', () => {
  test('come from options and files', async (t) => {
    const cwd = mkdtempSync(join(tmpdir(), 'jackdaw-secrets-'))
    t.after(() => rmSync(cwd, { recursive: true }))
    writeFileSync(join(cwd, 'password'), 'word:with:colons\n')
    writeFileSync(join(cwd, 'cookies'), '# Netscape HTTP Cookie File\n')
    const terminal = fakeTerminal({ cwd })
    const options = { header: ['X-Token: a:b', 'Accept:*/*'], user: 'me', passwordFile: 'password', cookies: 'cookies' }
    assert.deepEqual((await secretsFor(options, terminal))('https://a.example/'), {
      headers: { 'X-Token': 'a:b', Accept: '*/*' },
      user: 'me',
      password: 'word:with:colons',
      cookies: '# Netscape HTTP Cookie File\n',
    })
    assert.deepEqual((await secretsFor({ user: 'me:pass:word' }, terminal))('x'), { user: 'me', password: 'pass:word' })
    assert.equal((await secretsFor({}, terminal))('x'), undefined)
  })

  test('hold keys and the password of an archive', async (t) => {
    const cwd = mkdtempSync(join(tmpdir(), 'jackdaw-secrets-'))
    t.after(() => rmSync(cwd, { recursive: true }))
    writeFileSync(join(cwd, 'password'), 'open sesame\r\n')
    writeFileSync(join(cwd, 'empty'), '\n')
    const terminal = fakeTerminal({ cwd })
    const [kid, key] = ['0123456789abcdef'.repeat(2), 'F'.repeat(32)]
    const options = { key: [`${kid}:${key}`, key], archivePasswordFile: 'password' }
    assert.deepEqual((await secretsFor(options, terminal))('x'), {
      keys: [{ kid, key }, { key }],
      archivePassword: 'open sesame',
    })
    await assert.rejects(secretsFor({ archivePasswordFile: 'empty' }, terminal), /there is no password in it/)
    writeFileSync(join(cwd, 'keys'), `# of the film\n${kid}:${key}  # picture\n\n${key}\r\n`)
    assert.deepEqual((await secretsFor({ key: [key], keyFile: 'keys' }, terminal))('x'), {
      keys: [{ key }, { kid, key }, { key }],
    })
    await assert.rejects(secretsFor({ keyFile: 'empty' }, terminal), /--key-file: there is no key in it/)
    await assert.rejects(secretsFor({ keyFile: 'password' }, terminal), /--key-file: expected 32 hex digits/)
  })

  test('are not repeated in the fault of a key that is no key', async () => {
    for (const key of ['hunter2', `${'0'.repeat(32)}:hunter2`, `${'0'.repeat(32)}:${'0'.repeat(32)}:hunter2`]) {
      await assert.rejects(secretsFor({ key: [key] }, fakeTerminal()), (error: Error) => {
        return error.message.includes('--key: expected 32 hex digits') && !error.message.includes('hunter2')
      })
    }
  })

  test('are not repeated in the fault of a header that is no header', async () => {
    await assert.rejects(secretsFor({ header: ['hunter2'] }, fakeTerminal()), (error: Error) => {
      return error.message.includes('--header') && !error.message.includes('hunter2')
    })
  })

  test('are taken from netrc for the host of each link, and only for it', async (t) => {
    const home = mkdtempSync(join(tmpdir(), 'jackdaw-netrc-'))
    t.after(() => rmSync(home, { recursive: true }))
    writeFileSync(join(home, '.netrc'), 'machine a.example login me password x\n')
    const secrets = await secretsFor({ netrc: true }, fakeTerminal({ home }))
    assert.deepEqual(secrets('https://A.example:8443/f'), { user: 'me', password: 'x' })
    assert.equal(secrets('https://b.example/f'), undefined)
    assert.equal(secrets('magnet:?xt=1'), undefined)
  })
})

test('a netrc file may have comments, macros, quotes, several entries on a line and a default', () => {
  const find = parseNetrc(
    '# mine\nmachine a.example\n  login me\n  password "two \\"words\\""\nmacdef init\nmachine evil.example\ncd /pub\n\nmachine b.example login you password y machine c.example login z password w\ndefault login anonymous password me@home\n',
  )
  assert.deepEqual(find('a.example'), { user: 'me', password: 'two "words"' })
  assert.deepEqual(find('c.example'), { user: 'z', password: 'w' })
  assert.deepEqual(find('evil.example'), { user: 'anonymous', password: 'me@home' })
})
