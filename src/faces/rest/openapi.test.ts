import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { contract } from '@jackdaw/contract/contract.ts'
import { openapi } from './openapi.ts'

test('the document passes the recommended rules of redocly without an error', async () => {
  const document = await openapi(contract, { version: '1.2.3', url: 'https://media.example' })
  const config = await createConfig({ extends: ['recommended'] })
  const problems = await lintFromString({ source: JSON.stringify(document), config })
  assert.deepEqual(
    problems.filter(({ severity }) => severity === 'error').map(({ ruleId, message }) => `${ruleId}: ${message}`),
    [],
  )
})

test('every operation has its name, its errors and a way to repeat a change safely', async () => {
  const document = await openapi(contract, { version: '1.2.3' })
  assert.equal(document.openapi, '3.1.1')
  const start = document.paths?.['/jobs']?.post
  assert.equal(start?.operationId, 'jobs.start')
  assert.deepEqual(start.tags, ['jobs'])
  assert.ok(start.responses?.['422'])
  assert.ok(start.parameters?.some((parameter) => 'name' in parameter && parameter.name === 'Idempotency-Key'))
  assert.deepEqual(Object.keys(document.components?.securitySchemes ?? {}), ['bearer', 'token'])
})

test('the lint would notice a broken document', async () => {
  const document = await openapi(contract, { version: '1.2.3' })
  const config = await createConfig({ extends: ['recommended'] })
  const broken = { ...document, paths: { '/x': { get: { operationId: 'x' } } } }
  const problems = await lintFromString({ source: JSON.stringify(broken), config })
  assert.ok(problems.some(({ severity }) => severity === 'error'))
})
