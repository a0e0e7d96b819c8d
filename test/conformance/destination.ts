import assert from 'node:assert/strict'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { Receipt } from '@jackdaw/contract/nouns/asset.ts'
import { digestFile } from '#kernel/digest.ts'
import type { Destination, LocalAsset } from '#pipeline/engine.ts'
import { asset, localRun, scratch } from '#test/fakes/local-run.ts'

/** A destination opened for one test, and a way to see what arrived there, as its users would. */
export interface Delivered {
  readonly destination: Destination
  readonly to: string
  /** SHA-256 of everything that is visible there, in no order. Unfinished things under a final name count. */
  visible(): Promise<readonly string[]>
}

/**
 * What every destination must do, whatever stands behind it. `exact` says that a repeat never makes a second copy, `saves`
 * that it keeps a checkpoint.
 */
export function destinationSuite(
  title: string,
  open: (t: TestContext, root: string) => Promise<Delivered>,
  { exact, saves }: { exact: boolean; saves: boolean },
): void {
  test(`${title}: every asset arrives with its bytes, and each has a receipt`, async (t) => {
    const { subject, assets, dir } = await begin(t)
    const receipts = await deliver(subject, assets, dir)
    assert.deepEqual(
      receipts.map((receipt) => [receipt.asset, receipt.sha256, receipt.bytes]),
      assets.map((asset) => [asset.id, asset.sha256, asset.bytes]),
    )
    for (const receipt of receipts) Receipt.parse(receipt)
    assert.deepEqual((await subject.visible()).toSorted(), assets.map((asset) => asset.sha256).toSorted())
  })

  test(`${title}: assets are left as they were`, async (t) => {
    const { subject, assets, dir } = await begin(t)
    await deliver(subject, assets, dir)
    for (const asset of assets) assert.equal(await digestFile(asset.path), asset.sha256)
  })

  if (exact) {
    test(`${title}: delivering twice leaves one of each, in the same place`, async (t) => {
      const { subject, assets, dir } = await begin(t)
      const first = await deliver(subject, assets, dir)
      const second = await deliver(subject, assets, dir)
      assert.deepEqual(
        second.map((receipt) => receipt.place),
        first.map((receipt) => receipt.place),
      )
      assert.equal((await subject.visible()).length, assets.length)
    })

    test(`${title}: delivering the same thing four times at once leaves one of each`, async (t) => {
      const { subject, assets, dir } = await begin(t)
      await Promise.all([1, 2, 3, 4].map(() => deliver(subject, assets, dir)))
      assert.equal((await subject.visible()).length, assets.length)
    })
  }

  test(`${title}: an abort before the start leaves nothing`, async (t) => {
    const { subject, assets, dir } = await begin(t)
    await assert.rejects(deliver(subject, assets, dir, { signal: AbortSignal.abort() }))
    assert.deepEqual(await subject.visible(), [])
  })

  if (saves) {
    test(`${title}: a lost lease at any save leaves no half thing, and a repeat from there ends with one of each`, async (t) => {
      let at = 1
      for (; ; at++) {
        const { subject, assets, dir } = await begin(t)
        let checkpoint: unknown
        let lost = false
        const onSave = (saved: unknown, count: number) => {
          checkpoint = structuredClone(saved)
          lost = count === at
          if (lost) throw new Error('lease lost')
        }
        await deliver(subject, assets, dir, { onSave }).catch(() => undefined)
        if (!lost) break
        const known = new Set(assets.map((asset) => asset.sha256))
        for (const sha256 of await subject.visible()) assert.ok(known.has(sha256), 'something unfinished is visible')
        await deliver(subject, assets, dir, { checkpoint: subject.destination.checkpoint.parse(checkpoint) })
        assert.deepEqual((await subject.visible()).toSorted(), [...known].toSorted())
      }
      assert.ok(at > 1, 'it saves')
    })
  }

  test(`${title}: names from outside stay inside`, async (t) => {
    const { subject, dir, root } = await begin(t)
    const assets: LocalAsset[] = []
    for (const [index, name] of hostileNames.entries()) {
      const path = join(dir, `hostile-${index}`)
      await writeFile(path, `hostile ${index}`)
      assets.push(await asset(path, { name }))
    }
    await deliver(subject, assets, dir)
    assert.equal((await subject.visible()).length, hostileNames.length)
    assert.deepEqual((await readdir(root)).toSorted(), ['beside', 'root', 'scratch'])
    assert.equal(await readFile(join(root, 'beside'), 'utf8'), 'untouched')
  })

  test(`${title}: an empty file is a file`, async (t) => {
    const { subject, dir } = await begin(t)
    await writeFile(join(dir, 'empty.txt'), '')
    const empty = await asset(join(dir, 'empty.txt'))
    await deliver(subject, [empty], dir)
    assert.deepEqual(await subject.visible(), [empty.sha256])
  })

  async function begin(t: TestContext) {
    const root = await scratch(t)
    const dir = join(root, 'scratch')
    await mkdir(dir)
    await mkdir(join(root, 'root'))
    await writeFile(join(root, 'beside'), 'untouched')
    await writeFile(join(dir, 'one.mp4'), Buffer.alloc(300_000, 1))
    await writeFile(join(dir, 'two.tar.gz'), 'two')
    const assets = [await asset(join(dir, 'one.mp4')), await asset(join(dir, 'two.tar.gz'))]
    return { root, dir, assets, subject: await open(t, join(root, 'root')) }
  }
}

/** Delivers with the options that a wish without any gets. */
export function deliver(
  { destination, to }: Pick<Delivered, 'destination' | 'to'>,
  assets: readonly LocalAsset[],
  dir: string,
  how: Parameters<typeof localRun<unknown>>[1] & { options?: unknown } = {},
): Promise<readonly Receipt[]> {
  return destination.deliver(assets, to, destination.options.parse(how.options ?? {}), localRun<unknown>(dir, how))
}

export const hostileNames: readonly string[] = [
  '../beside',
  '../../../../../../tmp/jackdaw-climbed',
  '/etc/jackdaw-climbed',
  '..',
  '.',
  '',
  '..\\..\\beside',
  'a\0b',
  'line\nbreak',
  '-rf',
  '.hidden',
  'CON',
  'nul.txt',
  '\u202Egpj.exe',
  'x'.repeat(400),
  `${'ж'.repeat(300)}.mp4`,
  '$(touch x)`touch y`;touch z',
  '{name}',
  'trailing. . .',
]
