import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sharedMemory } from './server-settings.ts'

test('shared memory lies in the cluster where the usual place is missing or not for everybody', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'jackdaw-shm-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  assert.equal(await sharedMemory(join(folder, 'none'), 'linux'), 'mmap')
  chmodSync(folder, 0o755)
  assert.equal(await sharedMemory(folder, 'linux'), 'mmap')
  chmodSync(folder, 0o1777)
  assert.equal(await sharedMemory(folder, 'linux'), 'posix')
  assert.equal(await sharedMemory(join(folder, 'none'), 'darwin'), 'posix')
})
