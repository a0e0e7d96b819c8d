import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { isFault } from '@jackdaw/contract/faults.ts'
import { encryptFragments, encryptInit, type CencHow } from '#test/fakes/cenc.ts'
import { Decryptor } from './decrypt.ts'

const run = promisify(execFile)
const key = '00112233445566778899aabbccddeeff'
const kid = '0123456789abcdef0123456789abcdef'

let dir: string
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'jackdaw-cenc-'))
  const input = ['-f', 'lavfi', '-i', 'testsrc=size=320x180:rate=10:duration=3', '-f', 'lavfi', '-i', 'sine=duration=3']
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '10', '-c:a', 'aac']
  for (const kind of ['v', 'a'] as const) {
    const movflags = [
      '-movflags',
      '+frag_keyframe+empty_moov+default_base_moof+skip_trailer',
      '-frag_duration',
      '1000000',
    ]
    await run('ffmpeg', [
      '-v',
      'error',
      ...input,
      '-map',
      kind === 'v' ? '0' : '1',
      ...codecs,
      ...movflags,
      clear(kind),
    ])
  }
})
after(() => rm(dir, { recursive: true, force: true }))

const clear = (kind: 'v' | 'a') => join(dir, `${kind}.mp4`)

/** Header and fragments. */
async function parts(kind: 'v' | 'a'): Promise<[init: Buffer, fragments: Buffer]> {
  const bytes = await readFile(clear(kind))
  const at = bytes.indexOf('moof') - 4
  return [bytes.subarray(0, at), bytes.subarray(at)]
}

/** Digests of all decoded frames. As a stream: from a file, ffmpeg 5 takes the start values of the wrong fragment. */
async function frames(bytes: Uint8Array, ...args: string[]): Promise<string> {
  const done = run('ffmpeg', ['-v', 'error', ...args, '-i', 'pipe:0', '-f', 'framemd5', '-'])
  done.child.stdin?.end(bytes)
  return (await done).stdout
}

const ways: Readonly<Record<string, Omit<CencHow, 'key' | 'kid'>>> = {
  cenc: { scheme: 'cenc' },
  cens: { scheme: 'cens' },
  cbc1: { scheme: 'cbc1' },
  cbcs: { scheme: 'cbcs' },
  'cbcs with one start value for all': { scheme: 'cbcs', isConstant: true },
  'cenc with start values in the media data': { scheme: 'cenc', isScattered: true },
}

for (const [title, how] of Object.entries(ways)) {
  for (const kind of ['v', 'a'] as const) {
    test(`${title} (${kind === 'v' ? 'picture' : 'sound'}) comes out as it went in, and as ffmpeg sees it`, async () => {
      const [init, fragments] = await parts(kind)
      const hidden = [
        encryptInit(init, { ...how, key, kid }),
        encryptFragments(fragments, { ...how, key, kid }),
      ] as const
      const decryptor = new Decryptor([{ key, kid }])
      assert.deepEqual(decryptor.kids(hidden[0]), [kid])
      const open = Buffer.concat([decryptor.init(hidden[0]), decryptor.piece(hidden[1], hidden[0])])
      const whole = decryptor.piece(Buffer.concat(hidden), undefined)
      assert.ok(open.equals(whole), 'as pieces or as one file')
      const expected = await frames(await readFile(clear(kind)))
      assert.equal(await frames(open), expected)
      // ffmpeg cannot go back in a stream to where these are.
      if (!how.isScattered) assert.equal(await frames(Buffer.concat(hidden), '-decryption_key', key), expected)
      assert.match(open.toString('latin1'), kind === 'v' ? /avc1/ : /mp4a/)
      assert.doesNotMatch(open.toString('latin1'), /enc[av]|sinf|senc/)
    })
  }
}

test('a key that changes on the way is found by its id', async () => {
  const [init, fragments] = await parts('v')
  const group = { key: 'ffeeddccbbaa99887766554433221100', kid: 'fedcba9876543210fedcba9876543210' }
  const hidden = [
    encryptInit(init, { scheme: 'cenc', key, kid }),
    encryptFragments(fragments, { scheme: 'cenc', key, kid, group }),
  ] as const
  const keys = new Decryptor([{ key, kid }, group])
  const open = Buffer.concat([keys.init(hidden[0]), keys.piece(hidden[1], hidden[0])])
  assert.equal(await frames(open), await frames(await readFile(clear('v'))))
  assert.throws(
    () => new Decryptor([{ key, kid }]).piece(hidden[1], hidden[0]),
    (thrown) => isFault(thrown, 'source.protected'),
  )
})

test('without the right id there is no key, unless one is for everything', async () => {
  const [init, fragments] = await parts('a')
  const how = { scheme: 'cenc', key, kid } as const
  const hidden = [encryptInit(init, how), encryptFragments(fragments, how)] as const
  const other = new Decryptor([{ key, kid: kid.replace('0', 'f') }])
  assert.throws(
    () => other.piece(hidden[1], hidden[0]),
    (thrown) => isFault(thrown, 'source.protected') && thrown.message.includes(kid),
  )
  assert.ok(new Decryptor([{ key }]).piece(hidden[1], hidden[0]).length === hidden[1].length)
})

test('what is not encrypted stays as it is', async () => {
  const [init, fragments] = await parts('v')
  const decryptor = new Decryptor([{ key }])
  assert.ok(Buffer.from(decryptor.init(init)).equals(init))
  assert.ok(Buffer.from(decryptor.piece(fragments, init)).equals(fragments))
  assert.deepEqual(decryptor.kids(init), [])
})

test('bytes that were bent are refused or passed on, and never read outside', async () => {
  const [init, fragments] = await parts('v')
  const how = { scheme: 'cbcs', key, kid } as const
  const hidden = [encryptInit(init, how), encryptFragments(fragments, how)] as const
  let seed = 1
  const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
  for (let round = 0; round < 2000; round += 1) {
    const bent = [Buffer.from(hidden[0]), Buffer.from(hidden[1].subarray(0, 4000))] as const
    for (const part of bent) {
      for (let times = random(3); times >= 0; times -= 1) part[random(Math.min(part.length, 1200))] = random(256)
    }
    try {
      const decryptor = new Decryptor([{ key }])
      decryptor.init(bent[0])
      decryptor.piece(bent[1], bent[0])
    } catch (thrown) {
      assert.ok(isFault(thrown, 'source.malformed', 'source.protected'), String((thrown as Error).stack))
    }
  }
})
