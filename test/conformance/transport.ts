import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Part } from '@jackdaw/contract/nouns/media.ts'
import type { Transport } from '#pipeline/engine.ts'
import { TestRun, type TestRunHow } from '#test/fakes/run.ts'
import type { Tools } from '#test/fakes/tools.ts'

/** A fake far side and how to point the transport at it. */
export interface TransportRig extends AsyncDisposable {
  /** A part of so many bytes; `slow` takes at least two seconds. */
  part(bytes: number, slow?: boolean): Part
  sha256(bytes: number): string
  /** Bytes that the far side has sent so far. */
  sent(): number
}

const bytes = 6_000_000

/** What every transport of single files must keep: right bytes, a quick stop, and going on where it was. */
export function transportConformance<O, C>(
  transport: Transport<O, C>,
  start: () => Promise<TransportRig>,
  tools: () => Tools | undefined = () => undefined,
): void {
  const begin = async (how: TestRunHow<C> = {}) => {
    const opened = tools()
    return await TestRun.start<C>({ ...how, ...(opened && { tools: opened }) })
  }
  const { name } = transport
  const options = transport.options.parse({})

  test(`${name}: the bytes arrive, and the digest is theirs`, async () => {
    await using rig = await start()
    await using run = await begin()
    const part = JSON.parse(JSON.stringify(rig.part(bytes))) as Part // as the database gives it back
    const [asset] = await transport.fetch(part, options, run)
    assert.equal(asset?.sha256, rig.sha256(bytes))
    assert.equal(asset.bytes, bytes)
    const last = run.reports.at(-1)
    assert.equal(last?.done, bytes)
    assert.ok(
      run.reports.every((report, i) => report.done >= (run.reports[i - 1]?.done ?? 0)),
      'progress went back',
    )
  })

  test(`${name}: nothing begins when it is over already`, async () => {
    await using rig = await start()
    await using run = await begin()
    run.abort()
    await assert.rejects(transport.fetch(rig.part(bytes), options, run), (error) => isFault(error, 'house.stopping'))
    assert.equal(rig.sent(), 0)
  })

  test(`${name}: it stops when told to, and goes on from there with what is left`, async () => {
    await using rig = await start()
    await using first = await begin()
    const part = rig.part(bytes, true)
    const report = first.report.bind(first)
    first.report = (progress) => {
      report(progress)
      if (progress.done > bytes / 2) first.abort()
    }
    await assert.rejects(transport.fetch(part, options, first), (error) => isFault(error, 'house.stopping'))
    const before = rig.sent()
    const checkpoint = first.saved.at(-1)
    const stored =
      checkpoint === undefined ? {} : { checkpoint: transport.checkpoint.parse(JSON.parse(JSON.stringify(checkpoint))) }
    await using second = await begin({ dir: first.dir, ...stored })
    const [asset] = await transport.fetch(part, options, second)
    assert.equal(asset?.sha256, rig.sha256(bytes))
    assert.ok(rig.sent() - before < bytes * 0.75, `${rig.sent() - before} bytes for the second half`)
  })

  test(`${name}: a step whose folder was lost starts over`, async () => {
    await using rig = await start()
    await using first = await begin()
    const part = rig.part(bytes)
    await transport.fetch(part, options, first)
    const checkpoint = first.saved.at(-1)
    await using second = await begin(checkpoint === undefined ? {} : { checkpoint })
    const [asset] = await transport.fetch(part, options, second)
    assert.equal(asset?.sha256, rig.sha256(bytes))
  })

  test(`${name}: a file over the limit is refused`, async () => {
    await using rig = await start()
    await using run = await begin()
    const limited = transport.options.parse({ maxBytes: 1000 })
    await assert.rejects(transport.fetch(rig.part(bytes), limited, run), (error) => isFault(error, 'quota.file-size'))
  })

  test(`${name}: a lost lease ends it`, async () => {
    await using rig = await start()
    await using run = await begin()
    const report = run.report.bind(run)
    run.report = (progress) => {
      report(progress)
      run.abort(new Error('the lease is lost'))
    }
    await assert.rejects(transport.fetch(rig.part(bytes, true), options, run), /the lease is lost/)
  })
}
