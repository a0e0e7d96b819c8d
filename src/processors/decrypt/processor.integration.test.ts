import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { promisify } from 'node:util'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { LocalAsset } from '#pipeline/engine.ts'
import { assetOf, processorSuite } from '#test/conformance/processor.ts'
import { encryptFragments, encryptInit } from '#test/fakes/cenc.ts'
import { localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import { decrypt } from './processor.ts'

const run = promisify(execFile)
const [key, kid] = ['00112233445566778899aabbccddeeff', '0123456789abcdef0123456789abcdef']

// Its program looks into what was decrypted, and there is nothing of that in the suite's sample.
processorSuite('decrypt', { ...decrypt, tools: [] }, 'video.mp4')

/** A fragmented MP4 as it was and as it is encrypted. */
async function encrypted(t: TestContext): Promise<{ dir: string; clear: string; asset: LocalAsset }> {
  const dir = await scratch(t)
  const clear = join(dir, 'clear.mp4')
  const flags = ['-movflags', '+frag_keyframe+empty_moov+default_base_moof+skip_trailer']
  const input = await sample(dir, 'video.mp4')
  await run('ffmpeg', ['-v', 'error', '-i', input, '-map', '0:v', '-c', 'copy', ...flags, clear])
  const bytes = await readFile(clear)
  const at = bytes.indexOf('moof') - 4
  const how = { scheme: 'cbcs', key, kid } as const
  const path = join(dir, 'film.mp4')
  await writeFile(path, [encryptInit(bytes.subarray(0, at), how), encryptFragments(bytes.subarray(at), how)])
  return { dir, clear, asset: await assetOf(path, { type: 'video/mp4' }) }
}

async function packets(path: string): Promise<string> {
  return (await run('ffmpeg', ['-v', 'error', '-i', path, '-c', 'copy', '-f', 'streamhash', '-'])).stdout
}

for (const keys of [[{ kid, key }], [{ key }], [{ key: kid }, { key }]]) {
  test(`an encrypted file is opened with ${keys.length} key(s)${'kid' in (keys[0] ?? {}) ? ' by id' : ''}`, async (t) => {
    const { dir, clear, asset } = await encrypted(t)
    const local = localRun<unknown>(dir)
    const [opened] = await decrypt.process([asset], { keys }, local)
    assert.equal(await packets(opened?.path ?? ''), await packets(clear))
    assert.deepEqual([opened?.name, opened?.type, opened?.bytes], ['film.mp4', 'video/mp4', asset.bytes])
    assert.equal(local.reports.at(-1)?.done, asset.bytes)
    for (const { args } of local.spawned) assert.doesNotMatch(args.join(' '), new RegExp(key), 'no key in arguments')
  })
}

for (const [title, keys, says] of [
  ['no key', [], kid],
  ['a wrong key', [{ kid, key: kid }], 'no key that was given fits'],
  ['a key for something else', [{ kid: key, key }], `no key was given for ${kid}`],
] as const) {
  test(`with ${title} it is said so, and nothing is left behind`, async (t) => {
    const { dir, asset } = await encrypted(t)
    const before = await readdir(dir)
    await assert.rejects(
      decrypt.process([asset], { keys: [...keys] }, localRun(dir)),
      (thrown) => isFault(thrown, 'source.protected') && thrown.message.includes(says),
    )
    assert.deepEqual(await readdir(dir), before)
  })
}

test('a file in the clear goes through as it is, with keys or without', async (t) => {
  const dir = await scratch(t)
  const asset = await assetOf(await sample(dir, 'video.mp4'))
  assert.deepEqual(await decrypt.process([asset], { keys: [{ key }] }, localRun(dir)), [asset])
})

test('a file that is cut off is damaged', async (t) => {
  const { dir, asset } = await encrypted(t)
  const cut = join(dir, 'cut.mp4')
  await writeFile(cut, (await readFile(asset.path)).subarray(0, asset.bytes - 1000))
  await assert.rejects(
    decrypt.process([await assetOf(cut, { type: 'video/mp4' })], { keys: [{ key }] }, localRun(dir)),
    (thrown) => isFault(thrown, 'process.broken'),
  )
})

test('encrypted MP4 without fragments is told apart', async (t) => {
  const dir = await scratch(t)
  const path = join(dir, 'whole.mp4')
  const scheme = ['-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', key, '-encryption_kid', kid]
  await run('ffmpeg', ['-v', 'error', '-i', await sample(dir, 'video.mp4'), '-c', 'copy', ...scheme, path])
  await assert.rejects(
    decrypt.process([await assetOf(path, { type: 'video/mp4' })], { keys: [{ kid, key }] }, localRun(dir)),
    (thrown) => isFault(thrown, 'process.unsupported'),
  )
})
