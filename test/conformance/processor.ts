import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { digestFile } from '#kernel/digest.ts'
import { sniffFile } from '#kernel/sniff.ts'
import type { LocalAsset, Processor } from '#pipeline/engine.ts'
import { asset, localRun, scratch } from '#test/fakes/local-run.ts'
import { sample } from '#test/fakes/media.ts'
import type { Sample } from '#test/fakes/media.ts'

export interface SuiteHow {
  /** Options without which it does nothing. */
  readonly options?: Readonly<Record<string, unknown>>
  /** What it needs beside the sample it takes. */
  readonly beside?: readonly (Sample | ((dir: string) => Promise<LocalAsset>))[]
  /** Texts among its results hold the name of the file. */
  readonly namesInside?: boolean
  /** What it writes holds the names of its inputs. */
  readonly writesNames?: boolean
  /** It works on files of every type. */
  readonly takesAny?: boolean
}

/** A file that `sample` does not make: its name, and what makes it in a folder and tells its path. */
export interface OwnSample {
  readonly name: string
  make(dir: string): Promise<string>
}

/** What every processor must do. `takes` is a sample that it accepts. */
export function processorSuite(
  title: string,
  processor: Processor,
  takes: Sample | OwnSample,
  how: SuiteHow = {},
): void {
  const named = typeof takes === 'string' ? takes : takes.name
  const options = processor.options.parse(how.options ?? {})
  // Made once: it costs more than what is tried with it.
  let bytes: Promise<Buffer> | undefined
  const sampleIn = async (dir: string) => {
    const path = join(dir, named)
    bytes ??= (typeof takes === 'string' ? sample(dir, takes) : takes.make(dir)).then((made) => readFile(made))
    await writeFile(path, await bytes)
    return path
  }
  const besides = (dir: string) =>
    Promise.all(
      (how.beside ?? []).map((beside) =>
        typeof beside === 'string'
          ? sample(dir, beside, `beside.${beside}`).then((path) => assetOf(path))
          : beside(dir),
      ),
    )

  test(`${title}: it accepts its sample and judges by type, never by throwing`, async (t) => {
    const dir = await scratch(t)
    const one = await assetOf(await sampleIn(dir))
    assert.equal(processor.accepts(one), true)
    for (const type of ['', 'x', 'text/plain', 'application/octet-stream', '__proto__', 'video/', '/']) {
      assert.equal(typeof processor.accepts({ ...one, type }), 'boolean')
    }
    assert.equal(processor.accepts({ ...one, name: 'a.txt', type: 'text/plain' }), how.takesAny === true)
  })

  test(`${title}: its input is left as it was`, async (t) => {
    const dir = await scratch(t)
    const one = await assetOf(await sampleIn(dir))
    const all = [one, ...(await besides(dir))]
    await processor.process(all, options, localRun(dir))
    for (const each of all) assert.equal(await digestFile(each.path), each.sha256)
  })

  test(`${title}: no name of a file is taken for anything else`, async (t) => {
    const dir = await scratch(t)
    const plain = await sampleIn(dir)
    const more = await besides(dir)
    const expected = await outcome([await assetOf(plain)])
    const extension = named.slice(named.lastIndexOf('.'))
    // Two traits in each name where one does not hide the other: each costs a start of every program.
    for (const [index, stem] of ['-i %03d', 'http:%2F%2Fx*?[x]', 'concat:a|b"', 'a:line\nbreak', "it's é"].entries()) {
      const path = join(dir, stem + extension)
      await copyFile(plain, path)
      assert.deepEqual(await outcome([await assetOf(path)]), expected, `${index}: ${stem}`)
    }

    async function outcome(assets: readonly LocalAsset[]) {
      const run = localRun<unknown>(dir)
      const results = await processor.process([...assets, ...more], options, run)
      const notes = run.notes.map(({ facts, thumbnail }) => [facts, thumbnail?.sha256])
      const isNamed = (type: string) =>
        how.writesNames === true || (how.namesInside === true && type.startsWith('text/'))
      return [results.map(({ sha256, type }) => [isNamed(type) || sha256, type]), notes]
    }
  })

  test(`${title}: an abort ends it with the reason of the signal`, async (t) => {
    const dir = await scratch(t)
    const one = await assetOf(await sampleIn(dir))
    const reason = new Error('the house stops')
    await assert.rejects(
      processor.process([one, ...(await besides(dir))], options, localRun(dir, { signal: AbortSignal.abort(reason) })),
      reason,
    )
  })

  if (processor.tools.length > 0) {
    test(`${title}: an abort while its program works ends the program too`, async (t) => {
      const dir = await scratch(t)
      const one = await assetOf(await sampleIn(dir))
      // A pipe that nobody writes to: the program waits at it for ever.
      await promisify(execFile)('mkfifo', [join(dir, 'pipe')])
      const abort = new AbortController()
      const reason = new Error('the job was cancelled')
      let pid = 0
      const onSpawn = (started: number) => {
        pid = started
        abort.abort(reason)
      }
      const run = localRun<unknown>(dir, { signal: abort.signal, onSpawn })
      await assert.rejects(
        processor.process([{ ...one, path: join(dir, 'pipe') }, ...(await besides(dir))], options, run),
        reason,
      )
      assert.ok(pid > 0)
      assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
    })
  }

  test(`${title}: a second try in the same scratch folder ends as the first`, async (t) => {
    const dir = await scratch(t)
    const one = await assetOf(await sampleIn(dir))
    const all = [one, ...(await besides(dir))]
    const digests = async () => (await processor.process(all, options, localRun(dir))).map(({ sha256 }) => sha256)
    assert.deepEqual(await digests(), await digests())
  })
}

/** An asset of a file with the type that its content has. */
export async function assetOf(path: string, as: Parameters<typeof asset>[1] = {}): Promise<LocalAsset> {
  return asset(path, { type: await sniffFile(path), ...as })
}
