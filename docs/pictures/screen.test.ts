import assert from 'node:assert/strict'
import { test } from 'node:test'
import { screenToSvg } from './screen.ts'

test('a screen becomes a picture: colours, bold and dim text at their columns, empty lines at the end left out', () => {
  const svg = screenToSvg('$ get <a&b>\n\u001b[32m✓\u001b[39m \u001b[1mfilm\u001b[0m \u001b[2m░\u001b[22m\n\n\n', 20)
  assert.match(svg, /width="200" height="72"/)
  assert.match(svg, /x="16\.0" y="31" fill="#d6dbe0"[^>]*>\$ get &lt;a&amp;b&gt;<\/text>/)
  assert.match(svg, /x="16\.0" y="51" fill="#6fbf73"[^>]*>✓<\/text>/)
  assert.match(svg, /x="32\.8" y="51"[^>]* font-weight="bold">film<\/text>/)
  assert.match(svg, /x="74\.8" y="51"[^>]* opacity="\.5">░<\/text>/)
  assert.ok(!svg.includes('\u001b'))
})
