import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { film, setUp, sitting } from '#test/fakes/command-line.ts'

const offer = {
  about: { durationSeconds: 754 },
  choices: ['1080p', '720p', '480p'].map((label, at) => ({ id: `v${at}`, kind: 'video' as const, label, bytes: 2048 })),
  fits: { choice: 'v1', why: 'the best of at most 720 lines' },
}

describe('jackdaw get --choose', () => {
  for (const [says, keys, choice] of [
    ['takes the one that fits at Enter', '\r', 'v1'],
    ['moves with the arrow keys', '\u001b[B\r', 'v2'],
    ['moves over the end to the other one', '\u001b[B\u001b[B\r', 'v0'],
    ['takes a number', '1\r', 'v0'],
  ] as const) {
    test(says, async () => {
      const chosen = Promise.withResolvers<unknown>()
      const { house, keyboard, terminal, jackdaw } = sitting(async (id, at) => {
        chosen.resolve(await at.ask(id, offer))
        at.finish(id)
      })
      const done = jackdaw('get', film, '--choose')
      await terminal.shows(/› 2 {2}720p +2\.0 KiB {2}fits: the best of at most 720 lines/)
      assert.match(terminal.out(), /film\.mp4 {2}12:34/)
      keyboard.type(keys)
      assert.equal(await done, 0)
      assert.deepEqual(await chosen.promise, { choice })
      assert.equal(house.wishes[0]?.options?.chooseSeconds, 3600)
      assert.match(terminal.out(), /✓ film\.mp4/)
    })
  }

  test('cancels the job at q', async () => {
    const { keyboard, house, terminal, jackdaw } = sitting((id, at) => void at.ask(id, offer))
    const done = jackdaw('get', film, '--choose')
    await terminal.shows(/fits:/)
    keyboard.type('q')
    assert.equal(await done, 130)
    assert.equal(house.job('j1').state, 'cancelled')
  })

  test('parks the job at Ctrl-C, which the terminal gives as a key', async () => {
    const { keyboard, house, terminal, state, jackdaw } = sitting((id, at) => void at.ask(id, offer))
    const done = jackdaw('get', film, '--choose')
    await terminal.shows(/fits:/)
    keyboard.type('\u0003')
    assert.equal(await done, 130)
    assert.equal(house.job('j1').state, 'running')
    assert.equal(state.closed, 1)
    assert.match(terminal.err(), /bytes are kept/)
  })

  test('lets the question go when the job goes on by itself', async () => {
    const { house, terminal, jackdaw } = sitting(async (id, at) => {
      await at.ask(id, offer)
      at.finish(id)
    })
    const done = jackdaw('get', film, '--choose')
    await terminal.shows(/fits:/)
    house.choose('j1', {})
    assert.equal(await done, 0)
  })

  test('asks which of a list', async () => {
    const entries = [{ link: film, title: 'One' }, { link: film, title: 'Two', unavailable: 'private' }, { link: film }]
    const chosen = Promise.withResolvers<unknown>()
    const { keyboard, terminal, jackdaw } = sitting(async (id, at) => {
      chosen.resolve(await at.ask(id, { choices: [], entries, entriesInAll: 3 }))
      at.finish(id)
    })
    const done = jackdaw('get', film, '--choose')
    await terminal.shows(/Enter takes all/)
    assert.match(terminal.out(), / 2 {2}Two {2}cannot be had: private/)
    keyboard.type('x\r')
    await terminal.shows(/expected numbers such as 1-3/)
    keyboard.type('\u007f1,3\r')
    assert.equal(await done, 0)
    assert.deepEqual(await chosen.promise, { items: '1,3' })
  })

  test('asks one thing after another', async () => {
    const { keyboard, terminal, jackdaw } = sitting(async (id, at) => {
      await at.ask(id, { ...offer, title: `Film ${id}` })
      at.finish(id)
    })
    const done = jackdaw('get', film, 'https://a.example/other', '--choose')
    await terminal.shows(/Film j1/)
    const before = terminal.out().length
    keyboard.type('\r')
    await terminal.shows(/Film j2[^]*Enter takes it/, before)
    keyboard.type('\r')
    assert.equal(await done, 0)
  })

  test('without a terminal says so and takes what fits', async () => {
    const { house, terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('get', film, '--choose'), 0)
    assert.match(terminal.err(), /no terminal to ask in, so the choice that fits is taken/)
    assert.deepEqual(house.wishes[0]?.options, {})
    assert.equal(await jackdaw('get', film, '--choose', '--no-wait'), 64)
    assert.equal(await jackdaw('get', film, '--choose', '--choice', 'v1'), 64)
  })
})

describe('jackdaw get --list-choices', () => {
  test('says every choice with its id, and takes nothing', async () => {
    const { house, terminal, jackdaw } = setUp((id, at) => void at.ask(id, offer))
    assert.equal(await jackdaw('get', film, '-F', '--quality', '720'), 0)
    assert.match(terminal.out(), /v0 +1 {2}1080p +2\.0 KiB\n {2}v1 +2 {2}720p +2\.0 KiB {2}fits: .*\n {2}v2 +3 {2}480p/)
    assert.equal(house.wishes[0]?.options?.quality, 720)
    assert.equal(house.job('j1').state, 'cancelled')
  })

  test('says every entry of a list with its number', async () => {
    const entries = Array.from({ length: 9 }, (_, at) => ({ link: film, title: `Film ${at + 1}` }))
    const { terminal, jackdaw } = setUp((id, at) => void at.ask(id, { choices: [], entries, entriesInAll: 9 }))
    assert.equal(await jackdaw('get', film, '--list-choices'), 0)
    assert.match(terminal.out(), /a list of 9\n +1 {2}Film 1\n[^]* 9 {2}Film 9\n$/)
  })

  test('is not asked together with a choice', async () => {
    const { terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('get', film, '--list-choices', '--choice', 'v1'), 64)
    assert.match(terminal.err(), /leave out --choose and --choice/)
  })
})
