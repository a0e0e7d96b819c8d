import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { isPicture, isReadable, mediaInput } from '#kernel/ffmpeg/input.ts'
import { ffmpeg as work } from '#kernel/ffmpeg/work.ts'
import { safeName, splitName } from '#kernel/names.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import { bind } from './bind.ts'
import { judge, type Judged } from './judge.ts'
import { FfmpegOptions } from './options.ts'
import { muxers } from './tables.ts'

/**
 * Runs ffmpeg by a recipe that somebody wrote: once for each file, or once for all when the recipe names `{input:2}`.
 * Throws `process.failed` with ffmpeg's words; nothing comes out then.
 */
export const ffmpeg: Processor<FfmpegOptions, unknown> = {
  name: 'ffmpeg',
  title: 'A recipe of your own for ffmpeg',
  tools: ['ffmpeg'],
  options: FfmpegOptions,
  checkpoint: z.unknown(),
  accepts: (asset) => isReadable(asset.type),
  async process(assets, options, run) {
    const made: string[] = []
    try {
      const results: LocalAsset[] = []
      for (const group of groups(assets, options)) {
        run.signal.throwIfAborted()
        const [first] = group.inputs
        if (first === undefined) continue
        const path = join(run.dir, `${first.id}.${options.extension}`)
        made.push(path)
        await once(group, options, path, run)
        const name = safeName(`${splitName(first.name).stem}.${options.extension}`)
        results.push(await run.keep(path, { name }))
      }
      return options.original === 'keep' ? [...assets, ...results] : [...untouched(assets, options), ...results]
    } catch (thrown) {
      for (const path of made) await rm(path, { force: true })
      throw thrown
    }
  },
}

interface Group {
  readonly inputs: readonly LocalAsset[]
  readonly cover: LocalAsset | undefined
}

/** Which files go into one call together. */
function groups(assets: readonly LocalAsset[], options: FfmpegOptions): readonly Group[] {
  const { inputs } = judgedFor(options, '')
  const cover = inputs.some(({ which }) => which === 'cover') ? assets.find(({ type }) => isPicture(type)) : undefined
  const rest = assets.filter((asset) => asset !== cover)
  const together = inputs.some(({ which }) => typeof which === 'number' && which > 1)
  return together ? [{ inputs: rest, cover }] : rest.map((asset) => ({ inputs: [asset], cover }))
}

/** A picture that was only lent as a cover goes on. */
function untouched(assets: readonly LocalAsset[], options: FfmpegOptions): readonly LocalAsset[] {
  const used = new Set(groups(assets, options).flatMap(({ inputs }) => inputs))
  return assets.filter((asset) => !used.has(asset))
}

async function once({ inputs, cover }: Group, options: FfmpegOptions, path: string, run: Run<unknown>): Promise<void> {
  const [first] = inputs
  const judged = judgedFor(options, splitName(first?.name ?? '').stem)
  const sources = judged.inputs.flatMap(({ options: own, which }) => {
    const asset = which === 'cover' ? cover : inputs[which - 1]
    if (asset !== undefined) return [...own, ...mediaInput(asset.path, asset.type)]
    const what = which === 'cover' ? 'a picture for {cover}' : `a file for {input:${which}}`
    throw new Fault('process.failed', { reason: `the recipe needs ${what}, and there is none` })
  })
  const picture = { jpg: ['-c:v', 'mjpeg'], png: ['-c:v', 'png'] }[String(options.extension)] ?? []
  const seconds = first?.facts?.durationSeconds
  await work(run, [...sources, ...picture, ...judged.output, '-f', muxers[options.extension], `file:${path}`], {
    seconds,
  })
}

/** Judged once more with what this file puts in: a name is text from outside. */
function judgedFor({ args, vars, values, title }: FfmpegOptions, stem: string): Judged {
  try {
    return judge(bind(args, { vars, values, title: plain(title ?? stem), stem: plain(stem) }))
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown
    throw new Fault('input.invalid', { reason: `ffmpeg: ${thrown.message}` }, { cause: thrown })
  }
}

/** A leading dash would make the recipe fail for one file among many. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').replace(/^[\s-]+/, '')
}
