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
