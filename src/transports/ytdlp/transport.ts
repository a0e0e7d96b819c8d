import { createHash } from 'node:crypto'
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { itemOf } from '#kernel/ytdlp/items.ts'
import { createYtdlp, type Ytdlp } from '#kernel/ytdlp/ytdlp.ts'
import type { Run, Transport } from '#pipeline/engine.ts'
import { progressArguments, readProgress } from './progress.ts'

/** What the yt-dlp transport needs to know of a part: `Part.request`. */
const Request = z.object({
  /** The page, not the file: it is looked at anew, so that nothing of it has run out. */
  link: z.url({ protocol: /^https?$/ }),
  /** As yt-dlp calls it. */
  format: z.string().min(1).max(90),
})

const Options = JobOptions.extend(JobSecrets.shape)
type Options = z.infer<typeof Options>

/** Whose beginning is in the folder. */
const Checkpoint = z.object({ of: z.string() })
type Checkpoint = z.infer<typeof Checkpoint>

/** One name whatever the site calls it: its extension, too, comes from outside. */
const file = 'media'

/** What only yt-dlp can move, moved by it: streams in a site's own manner, and files behind the cookies of their page. */
export function createYtdlpTransport(ytdlp: Ytdlp = createYtdlp()): Transport<Options, Checkpoint> {
  return {
    name: 'ytdlp',
    title: 'What only yt-dlp can move',
    tools: ['yt-dlp'],
    options: Options,
    checkpoint: Checkpoint,

    async fetch(part, options, run) {
      run.signal.throwIfAborted()
      const request = Request.safeParse(part.request)
      if (!request.success) throw new Fault('house.bug', { incident: 'part' }, { cause: request.error })
      const { link, format } = request.data
      await begin(run, link, format)
      await download(ytdlp, { link, format, options, run })
      const path = join(run.dir, file)
      const { size } = await stat(path)
      checkSize(size, options.maxBytes)
      run.report({ unit: 'bytes', done: size, of: size })
      return [await run.keep(path, { name: part.name, ...(part.type !== undefined && { type: part.type }) })]
    },
  }
}

/** Beginnings of something else in the folder would be taken for ours. */
async function begin(run: Run<Checkpoint>, link: string, format: string): Promise<void> {
  const of = createHash('sha256').update(`${link}\n${format}`).digest('base64url')
  if (run.checkpoint?.of === of) return
  for (const name of await readdir(run.dir)) {
    if (name === file || name.startsWith(`${file}.`)) await rm(join(run.dir, name), { recursive: true, force: true })
  }
  await run.save({ of })
}

async function download(
  ytdlp: Ytdlp,
  { link, format, options, run }: { link: string; format: string; options: Options; run: Run<Checkpoint> },
): Promise<void> {
  const { page, item } = itemOf(link)
  const child = await ytdlp(run, {
    link: page,
    secrets: JobSecrets.parse(options),
    args: [
      '--no-playlist',
      '--playlist-items',
      String(item ?? 1),
      '--format',
      `b*[format_id="${format.replace(/["\\]/g, '\\$&')}"]`,
      '--output',
      file,
      '--continue',
      '--no-mtime',
      '--no-simulate',
      '--fixup',
      'never',
      '--fragment-retries',
      '10',
      '--abort-on-unavailable-fragments',
      ...(options.limit === undefined ? [] : ['--limit-rate', String(options.limit)]),
      ...(options.maxBytes === undefined ? [] : ['--max-filesize', String(options.maxBytes)]),
      ...progressArguments,
    ],
  })
  let most = 0
  let refused: number | undefined
  for await (const line of child.lines) {
    // In these words it leaves a file alone that is too large, and calls that a success.
    const tooLarge = /larger than max-filesize \((\d+) bytes/.exec(line)
    if (tooLarge) refused = Number(tooLarge[1])
    const progress = readProgress(line)
    if (progress === undefined) continue
    if (progress.done > (options.maxBytes ?? Infinity)) {
      child.stop(new Fault('quota.file-size', { bytes: progress.done, limit: options.maxBytes }))
    }
    // A fragment that is begun anew takes back what was counted of it.
    most = Math.max(most, progress.done)
    const of = progress.of !== undefined && progress.of >= most ? { of: progress.of } : {}
    run.report({ unit: 'bytes', done: most, ...of })
  }
  try {
    await child.done
  } catch (error) {
    // It was there when the page was looked at first.
    const isGone = isFault(error, 'source.no-media') && /format is not available/.test(String(error.facts['reason']))
    throw isGone ? new Fault('source.expired', {}, { cause: error }) : error
  }
  if (refused !== undefined) checkSize(refused, options.maxBytes)
  const isThere = await stat(join(run.dir, file)).catch(() => undefined)
  if (!isThere) throw new Fault('source.broken', { reason: 'yt-dlp brought nothing' })
}

function checkSize(bytes: number, limit: number | undefined): void {
  if (limit !== undefined && bytes > limit) throw new Fault('quota.file-size', { bytes, limit })
}
