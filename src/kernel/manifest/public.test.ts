import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import { collections } from '#test/fakes/public-manifests.ts'
import { readMpd } from './dash.ts'
import { parseHls } from './hls.ts'

const url = new URL('https://media.example/show/manifest')
const now = Date.UTC(2030, 0)

for (const { name, manifests } of collections()) {
  test(`each of ${manifests.length} manifests of ${name} is read, or refused with a fault`, () => {
    assert.ok(manifests.length > 10)
    for (const { path, text } of manifests) {
      try {
        if (path.endsWith('.mpd'))
          for (const one of readMpd(text, url, now).representations) one.spans.forEach((span) => span.pieces())
        else parseHls(text, url)
      } catch (thrown) {
        assert.ok(
          isFault(thrown, 'source.malformed', 'source.protected', 'source.not-yet'),
          `${path}: ${String(thrown)}`,
        )
      }
    }
  })
}

/** What we compare of another reader's answer. */
interface Playlist {
  readonly attributes: { readonly id?: string; readonly BANDWIDTH?: number }
  readonly segments?: readonly { readonly resolvedUri: string; readonly duration: number }[]
}
const other = createRequire(import.meta.url)('mpd-parser') as {
  stringToMpdXml(text: string): unknown
  inheritAttributes(mpd: unknown, how: object): { representationInfo: unknown }
  toPlaylists(info: unknown): readonly Playlist[]
}

test('our reader of DASH finds the segments that another one finds', () => {
  const { manifests } = collections().find(({ name }) => name === 'mpd-parser') ?? { manifests: [] }
  let compared = 0
  for (const { path, text } of manifests) {
    // Live ones we do not take, and one has a number in its initialisation's address, which section 5.3.9.4.2 forbids.
    if (/type="dynamic"|initialization="[^"]*\$Number/.test(text)) continue
    const { representationInfo } = other.inheritAttributes(other.stringToMpdXml(text), { manifestUri: url.href })
    const theirs = other.toPlaylists(representationInfo).filter(({ segments = [] }) => segments.length > 1)
    const ours = readMpd(text, url, now).representations.flatMap(({ spans }) => spans)
    for (const { segments = [], attributes } of theirs) {
      const [first] = segments
      const pieces = ours.map((span) => span.pieces()).find((all) => all[0]?.url === first?.resolvedUri)
      if (pieces === undefined) continue // in other periods the same addresses begin with another number
      assert.deepEqual(
        pieces.map((piece) => piece.url),
        segments.map(({ resolvedUri }) => resolvedUri),
        `${path} ${attributes.id}`,
      )
      for (const [index, piece] of pieces.slice(0, -1).entries()) {
        assert.ok(Math.abs(piece.seconds - (segments[index]?.duration ?? 0)) < 1e-6, `${path}: segment ${index}`)
      }
      compared += 1
    }
  }
  assert.ok(compared >= 12, `${compared} were compared`)
})
