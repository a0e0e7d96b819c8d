import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { folder, setUp } from '#test/fakes/command-line.ts'

describe('recipes and preferences', () => {
  test('are listed, shown, saved from flags or a file, and removed', async (t) => {
    const cwd = folder(t)
    writeFileSync(
      join(cwd, 'small.json'),
      JSON.stringify({ title: 'Small', steps: [{ use: 'fit', with: { bytes: 9 } }] }),
    )
    writeFileSync(join(cwd, 'bad.json'), JSON.stringify({ steps: [{ with: {} }] }))
    const { house, terminal, jackdaw } = setUp(undefined, { cwd })
    assert.equal(
      await jackdaw('recipes', 'save', 'mine', '--step', 'convert to=mp4', '--step', 'probe', '--title', 'Mine'),
      0,
    )
    assert.deepEqual(house.recipes.get('mine')?.steps, [
      { use: 'convert', with: { to: 'mp4' }, optional: false },
      { use: 'probe', with: {}, optional: false },
    ])
    assert.equal(await jackdaw('recipes', 'save', 'small', 'small.json'), 0)
    assert.equal(house.recipes.get('small')?.title, 'Small')
    assert.equal(await jackdaw('recipes'), 0)
    assert.match(terminal.out(), /default +house +As it is\nmine +yours +Mine\n/)
    assert.equal(await jackdaw('recipes', 'show', 'mine'), 0)
    assert.match(terminal.out(), /Mine\n {2}convert to=mp4\n {2}probe\n/)
    assert.equal(await jackdaw('recipes', 'remove', 'mine'), 0)
    assert.ok(!house.recipes.has('mine'))
    for (const argv of [
      ['save', 'x'],
      ['save', 'x', 'bad.json'],
      ['save', 'x', 'none.json'],
      ['save', 'X y', 'small.json'],
      ['show', '../x'],
    ])
      assert.equal(await jackdaw('recipes', ...argv), 64, argv.join(' '))
    assert.match(terminal.err(), /bad\.json: steps\.0\.use/)
  })

  test('are read from standard input as they are printed', async () => {
    const first = setUp()
    await first.jackdaw('recipes', 'save', 'mine', '--step', 'convert to=mp4')
    const before = first.terminal.out().length
    await first.jackdaw('recipes', 'show', 'mine', '--json')
    const second = setUp(undefined, { stdin: Readable.from([first.terminal.out().slice(before)]) })
    assert.equal(await second.jackdaw('recipes', 'save', 'again', '-'), 0)
    assert.deepEqual(second.house.recipes.get('again')?.steps, first.house.recipes.get('mine')?.steps)
  })

  test('are previewed with the options of get', async () => {
    const { house, terminal, jackdaw } = setUp()
    house.preview = [
      { kind: 'fetch', engine: 'any', says: 'fetch it', optional: false, available: true },
      { kind: 'process', engine: 'convert', says: 'convert it', optional: true, available: false },
    ]
    assert.equal(await jackdaw('recipes', 'preview', 'small', '--quality', '720', '--to', 'library'), 0)
    assert.deepEqual(house.previews, [
      { recipe: 'small', destinations: ['library'], options: { quality: 720 }, type: 'video/mp4' },
    ])
    assert.match(
      terminal.out(),
      / 1 {2}fetch {4}fetch it\n 2 {2}process {2}convert it {2}\(goes on .*jackdaw engines convert"/,
    )
  })

  test('of an account are set, shown and forgotten', async () => {
    const { house, terminal, jackdaw } = setUp()
    assert.equal(await jackdaw('prefer'), 0)
    assert.match(terminal.out(), /Nothing is preferred/)
    assert.equal(
      await jackdaw('prefer', '--quality', '720', '--subs', 'en,de', '--max-size', '2G', '--recipe', 'default'),
      0,
    )
    assert.deepEqual(house.preferences, {
      quality: 720,
      subs: ['en', 'de'],
      maxBytes: 2 * 1024 ** 3,
      recipe: 'default',
    })
    assert.match(terminal.out(), /subs +en,de\nmax-size +2\.0 GiB\nrecipe +default\n$/)
    assert.equal(await jackdaw('prefer', '--forget', 'quality,max-size', '--audio', 'mp3'), 0)
    assert.deepEqual(house.preferences, { subs: ['en', 'de'], recipe: 'default', audio: 'mp3' })
    assert.equal(await jackdaw('prefer', '--forget', 'qualty'), 64)
    assert.match(terminal.err(), /did you mean quality\?/)
  })
})
