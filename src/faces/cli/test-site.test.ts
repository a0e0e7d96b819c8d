import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { film, setUp } from '#test/fakes/command-line.ts'

const choices = ['1080p', '720p'].map((label, at) => ({ id: `v${at}`, kind: 'video' as const, label, bytes: 2048 }))

describe('jackdaw engines --test', () => {
  test('says what is behind a link, and takes nothing of it', async () => {
    const { house, terminal, jackdaw } = setUp(
      (id, at) => void at.ask(id, { choices, fits: { choice: 'v0', why: 'the best' } }),
    )
    assert.equal(await jackdaw('engines', '--test', film), 0)
    assert.match(terminal.out(), /1 {2}1080p +2\.0 KiB {2}fits: the best\n.*2 {2}720p/)
    assert.equal(house.job('j1').state, 'cancelled')
  })

  test('takes a site by its name', async () => {
    const { house, terminal, jackdaw } = setUp((id, at) => void at.ask(id, { choices }))
    assert.equal(await jackdaw('engines', '--test', 'vimeo', '--json'), 0)
    assert.match(house.wishes[0]?.link ?? '', /^https:\/\/vimeo\.com\//)
    const said = JSON.parse(terminal.out()) as { link: string; offer: { choices: unknown[] } }
    assert.equal(said.link, house.wishes[0]?.link)
    assert.equal(said.offer.choices.length, 2)
    assert.equal(await jackdaw('engines', '--test', 'vimoe'), 64)
    assert.match(terminal.err(), /no site vimoe \(did you mean Vimeo\?\)/)
  })

  test('says a list with its first names', async () => {
    const entries = Array.from({ length: 9 }, (_, at) => ({ link: film, title: `Film ${at + 1}` }))
    const { terminal, jackdaw } = setUp((id, at) => void at.ask(id, { choices: [], entries, entriesInAll: 900 }))
    assert.equal(await jackdaw('engines', '--test', film), 0)
    assert.match(terminal.out(), /a list of 900\n +1 {2}Film 1\n[^]*… and 895 more/)
    assert.doesNotMatch(terminal.out(), /Film 6/)
  })

  test('says the fault, with its exit code', async () => {
    const { terminal, jackdaw } = setUp((id, at) => at.fail(id, 'source.login', { reason: 'private' }))
    assert.equal(await jackdaw('engines', '--test', film), 77)
    assert.match(terminal.err(), /signed in \(private\).*source\.login/)
  })
})
