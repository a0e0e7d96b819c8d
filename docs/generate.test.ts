import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogue } from '@jackdaw/contract/faults.ts'
import { generate, stale } from './generate.ts'

test('the reference is what its sources say', async () => {
  assert.deepEqual(await stale(), [], 'run npm run generate')
})

test('generating twice gives the same bytes', async () => {
  assert.deepEqual(await generate(), await generate())
})

test('every fault, operation and variable has its row', async () => {
  const pages = await generate()
  for (const code of Object.keys(catalogue))
    assert.ok(pages['docs/reference/faults.md']?.includes(`| \`${code}\` |`), code)
  assert.match(pages['docs/reference/operations.md'] ?? '', /### jobs\.start\n/)
  assert.match(pages['docs/reference/events.md'] ?? '', /\| `job\.done` \|/)
  assert.match(pages['docs/reference/configuration.md'] ?? '', /\| `JACKDAW_PORT` \| `--port` \| `8787` \|/)
  assert.match(pages['.env.example'] ?? '', /^#JACKDAW_PORT=8787$/m)
})

test('no table is broken by what a cell holds', async () => {
  for (const [path, text] of Object.entries(await generate())) {
    let columns = 0
    for (const line of text.split('\n')) {
      const cells = line.startsWith('|') ? line.replaceAll(String.raw`\|`, '').split('|').length : 0
      if (columns > 0 && cells > 0) assert.equal(cells, columns, `${path}: ${line}`)
      columns = cells
    }
  }
})
