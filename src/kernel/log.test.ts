import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import test from 'node:test'
import { Fault } from '@jackdaw/contract/faults.ts'
import { createLog, logForm } from '#kernel/log.ts'
import type { LogHow } from '#kernel/log.ts'

function listen(how: LogHow = {}) {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString())
      done()
    },
  })
  return { lines, log: createLog({ ...how, stream }) }
}

test('a line in production is one JSON object with level, time, fields and message', () => {
  const { lines, log } = listen()
  log.child({ job: '01jx' }).info({ bytes: 3 }, 'step finished')
  const { time, pid, hostname, ...line } = JSON.parse(lines.join('')) as Record<string, unknown>
  assert.deepEqual(line, { level: 'info', job: '01jx', bytes: 3, msg: 'step finished' })
  assert.match(String(time), /^\d{4}-\d\d-\d\dT/)
  assert.ok(typeof pid === 'number' && typeof hostname === 'string')
})

test('no secret gets out by a message, a field, an error or a child', () => {
  for (const form of ['json', 'plain', 'coloured'] as const) {
    const { lines, log } = listen({ form, secrets: () => ['hunter2'] })
    const cause = new Error('Cookie: a=sesame')
    const err = new Fault('source.broken', { reason: 'http://bob:sesame@h/' }, { cause })
    log
      .child({ link: 'https://bob:sesame@h/?token=sesame' })
      .error({ err, headers: { cookie: 'sesame' } }, 'hunter2 said')
    const all = lines.join('')
    assert.match(all, /said/)
    assert.match(all, /source\.broken/)
    assert.doesNotMatch(all, /sesame|hunter2/)
  }
})

test('lines for people have the message and no process id', () => {
  const { lines, log } = listen({ form: 'plain' })
  log.warn({ job: '01jx' }, 'disk is nearly full')
  assert.match(lines.join(''), /WARN.*disk is nearly full[^]*job: "01jx"/)
  assert.ok(!lines.join('').includes('\u001b') && !lines.join('').includes('pid'))
  const coloured = listen({ form: 'coloured' })
  coloured.log.warn('x')
  assert.ok(coloured.lines.join('').includes('\u001b'))
})

test('what is below the level is not written', () => {
  const { lines, log } = listen({ level: 'warn' })
  log.info('x')
  assert.deepEqual(lines, [])
})

test('production speaks JSON, everything else to people', () => {
  assert.deepEqual(
    [logForm('production', true), logForm('development', true), logForm('staging', false)],
    ['json', 'coloured', 'plain'],
  )
})
