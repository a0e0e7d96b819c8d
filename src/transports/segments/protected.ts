import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import type { MediaKey } from '@jackdaw/contract/nouns/options.ts'
import { Decryptor } from '#kernel/cenc/decrypt.ts'
import { isClear } from '#kernel/cenc/trial.ts'
import type { Run } from '#pipeline/engine.ts'
import type { FarSide } from './far-side.ts'
import type { Track } from './track.ts'

interface UnlockHow {
  readonly far: FarSide
  readonly keys: readonly MediaKey[]
  readonly run: Run<unknown>
}

/** A segment that is looked into before the others are fetched. */
const mostTrialBytes = 128 * 1024 * 1024

/** EBML (RFC 8794): encryption inside WebM is another one. */
const matroska = 0x1a45dfa3

/**
 * The tracks with what opens them, where their initialisation says that they are encrypted. The first segment of each is
 * decrypted and decoded for a trial, so that a wrong key is told before a film was fetched. Throws `source.protected`.
 */
export async function unlock(tracks: readonly Track[], how: UnlockHow): Promise<readonly Track[]> {
  const opened: Track[] = []
  // In turn: what still works in the folder when another has failed meets its end.
  for (const [index, track] of tracks.entries()) opened.push(await unlockOne(track, index, how))
  return opened
}

async function unlockOne(track: Track, index: number, { far, keys, run }: UnlockHow): Promise<Track> {
  const [first] = track.segments
  if (first?.init === undefined) return track
  const init = await far.init(first.init)
  if (init.length >= 4 && init.readUInt32BE(0) === matroska) return track
  const kids = new Decryptor([]).kids(init)
  if (kids.length === 0) return track
  if (keys.length === 0) throw new Fault('source.protected', { reason: `ids of its keys: ${kids.join(', ')}` })
  const chunks: Uint8Array[] = []
  let bytes = 0
  await far.read(first, ({ bytes: some, free }) => {
    bytes += some.length
    if (bytes > mostTrialBytes) throw new Fault('source.malformed', { reason: 'its first segment has no end' })
    chunks.push(Buffer.from(some))
    free()
  })
  const piece = Buffer.concat(chunks)
  const path = join(run.dir, `trial-${index}.mp4`)
  try {
    for (const some of inTurn(keys)) {
      const decryptor = new Decryptor(some)
      await writeFile(path, [decryptor.init(init), decryptor.piece(piece, init)])
      if (await isClear(path, run)) return { ...track, open: decryptor }
    }
  } catch (thrown) {
    if (!isFault(thrown, 'source.protected')) throw thrown
    throw new Fault('source.protected', { reason: `no key was given for ${kids.join(', ')}` }, { cause: thrown })
  } finally {
    await rm(path, { force: true })
  }
  throw new Fault('source.protected', { reason: `no key that was given fits ${kids.join(', ')}` })
}

/** Of keys without an id only one can be for everything: each has its turn. */
function inTurn(keys: readonly MediaKey[]): readonly (readonly MediaKey[])[] {
  const named = keys.filter(({ kid }) => kid !== undefined)
  const bare = keys.filter(({ kid }) => kid === undefined)
  return bare.length === 0 ? [named] : bare.map((key) => [...named, key])
}
