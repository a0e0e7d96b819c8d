import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Link } from '@jackdaw/contract/nouns/link.ts'
import { Media } from '@jackdaw/contract/nouns/media.ts'
import type { Source } from '#pipeline/engine.ts'
import { TestRun } from '#test/fakes/run.ts'
import type { Tools } from '#test/fakes/tools.ts'

/** What stands in a source's `cases.ts`. */
export interface SourceCases {
  readonly takes: readonly { readonly link: string; readonly why: string; readonly atLeast: number }[]
  readonly refuses: readonly { readonly link: string; readonly why: string }[]
}

/** What every source must keep, beyond what is special about it. `resolvable` is a link to a fake that it can resolve. */
export function sourceConformance<O, C>(
  source: Source<O, C>,
  cases: SourceCases,
  resolvable: () => string,
  tools: () => Tools | undefined = () => undefined,
): void {
  const start = async () => {
    const opened = tools()
    return await TestRun.start<C>(opened === undefined ? {} : { tools: opened })
  }

  const options = source.options.parse({})

  test(`${source.name}: its name is short and its title a line for people`, () => {
    assert.match(source.name, /^[a-z][a-z0-9-]{1,20}$/)
    assert.ok(source.title.length > 3 && !source.title.includes('\n'))
  })

  for (const { link, why, atLeast } of cases.takes) {
    test(`${source.name} takes ${link}: ${why}`, () => {
      const claim = source.claims(linkOf(link))
      assert.ok(claim >= atLeast && claim <= 1, String(claim))
      assert.equal(source.claims(linkOf(link)), claim)
    })
  }

  for (const { link, why } of cases.refuses) {
    test(`${source.name} refuses ${link}: ${why}`, async () => {
      assert.equal(source.claims(linkOf(link)), 0)
      const closed = () => Promise.reject(new Error('a refused link was fetched'))
      await using run = await TestRun.start<C>({ http: closed, connect: closed })
      await assert.rejects(source.resolve(linkOf(link), options, run), (error) => isFault(error, 'source.declined'))
    })
  }

  test(`${source.name}: what it finds is media that survives storage`, async () => {
    await using run = await start()
    const media = await source.resolve(linkOf(resolvable()), options, run)
    assert.deepEqual(Media.parse(JSON.parse(JSON.stringify(media))), media)
    assert.equal(media.source, source.name)
    assert.ok(media.parts.length + (media.choices?.length ?? 0) + (media.entries?.length ?? 0) > 0)
    for (const part of [...media.parts, ...(media.choices ?? []).flatMap(({ parts }) => parts)])
      assert.doesNotMatch(part.name, /[/\\\p{Cc}]/u)
  })

  test(`${source.name}: it stops when told to`, async () => {
    await using run = await start()
    run.abort()
    await assert.rejects(source.resolve(linkOf(resolvable()), options, run))
  })
}

function linkOf(text: string): Link {
  return { kind: text.startsWith('magnet:') ? 'magnet' : 'url', text }
}
