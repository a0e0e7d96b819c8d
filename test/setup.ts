import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shareSamples } from '#test/fakes/made-once.ts'
import { sweepTestDatabases, testServer } from '#test/postgres.ts'

type TestServer = Awaited<ReturnType<typeof testServer>>

/** The runner holds the server for the whole run, so that it does not stop and start between test files. */
const held: { server?: TestServer; samples?: string } = {}

/** node:test calls it once in the runner, before the first file. */
export async function globalSetup(): Promise<void> {
  held.samples = await mkdtemp(join(tmpdir(), 'jackdaw-samples-'))
  shareSamples(held.samples)
  held.server = await testServer()
  if (!process.env['JACKDAW_TEST_DATABASE_URL']) await sweepTestDatabases(held.server.url)
}

/** … and this after the last. */
export async function globalTeardown(): Promise<void> {
  await held.server?.[Symbol.asyncDispose]()
  if (held.samples !== undefined) await rm(held.samples, { recursive: true, force: true })
}
