import assert from 'node:assert/strict'
import { join } from 'node:path'
import { digestFile } from '#kernel/digest.ts'
import type { LocalAsset } from '#pipeline/engine.ts'
import { filesBelow, killedSuite } from '#test/conformance/killed.ts'

async function whole(to: string, asset: LocalAsset): Promise<void> {
  assert.deepEqual(await filesBelow(to), [join(to, 'one.mp4')])
  assert.equal(await digestFile(join(to, 'one.mp4')), asset.sha256)
}

killedSuite('folder by link', { kind: 'folder', state: 'scratch', whole })
killedSuite('folder by copy', { kind: 'folder', state: 'kept', whole })
killedSuite('folder without hard links', { kind: 'folder', state: 'scratch', whole, env: { NO_LINKS: '1' } })
