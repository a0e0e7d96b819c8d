import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import { AudioFormat } from '@jackdaw/contract/nouns/options.ts'
import { carry, containers, muxed, nameIn, type Container, type Stream } from '#kernel/ffmpeg/containers.ts'
import { requireEncoders } from '#kernel/ffmpeg/encoders.ts'
import { mediaInput } from '#kernel/ffmpeg/input.ts'
import { isFilmOrSound, lookInto, soundsOf, type Known } from '#kernel/ffmpeg/media.ts'
import { ffmpeg } from '#kernel/ffmpeg/work.ts'
import { withOutputs, type Place } from '#kernel/outputs.ts'
import type { LocalAsset, Processor, Run } from '#pipeline/engine.ts'
import { planOf, type Plan } from './formats.ts'

export const AudioOptions = z.object({
  format: AudioFormat.default('best').describe(
    'best copies the sound as it is into the container made for it; others copy where the codec is the same',
  ),
  bitrate: z
    .number()
    .int()
    .min(8)
    .max(1024)
    .optional()
    .describe('thousands of bits per second when encoding; a good one for the format when absent'),
  track: z.number().int().min(1).max(100).default(1).describe('which sound of several, from 1'),
})
export type AudioOptions = z.infer<typeof AudioOptions>

/**
 * The sound of films and of sounds in another format; cover and tags stay where the container has a place for them.
 * Encodes only when it must. Faults: `process.failed` for a file without sound, `process.unsupported`.
 */
export const audio: Processor<AudioOptions, unknown> = {
  name: 'audio',
  title: 'The sound alone: as it is, or as mp3, m4a, opus, flac or wav',
  tools: ['ffmpeg', 'ffprobe'],
  options: AudioOptions,
  checkpoint: z.unknown(),
  accepts: isFilmOrSound,
  process: (assets, options, run) =>
    withOutputs(run, async (at) => {
      const made: LocalAsset[] = []
      let after = 0
      for (const asset of assets) {
        run.signal.throwIfAborted()
        const known = await lookInto(asset, run)
        const sound = soundsOf(known)[options.track - 1]
        if (sound === undefined) throw noSound(asset.name, options.track)
        const plan = planOf(options, sound)
        made.push(isAlready(plan, known) ? asset : await extract({ asset, known, sound, plan, after }, run, at))
        after += known.durationSeconds ?? 0
      }
      return made
    }),
}

interface Extract {
  readonly asset: LocalAsset
  readonly known: Known
  readonly sound: Stream
  readonly plan: Plan
  readonly after: number
}

async function extract(
  { asset, known, sound, plan, after }: Extract,
  run: Run<unknown>,
  at: Place,
): Promise<LocalAsset> {
  const { container, encoder, args } = plan
  if (encoder !== undefined) await requireEncoders(run, [encoder])
  const index = known.streams.indexOf(sound)
  // A song's cover goes along; films and other sounds stay behind.
  const rest = known.streams.map((stream) =>
    stream.kind === 'attachment' ? stream : { ...stream, kind: 'data' as const },
  )
  const covers = carry(rest, container, 0, 1)
  const path = at(`${asset.id}.audio.${container}`)
  await ffmpeg(
    run,
    [
      ...mediaInput(asset.path, asset.type),
      '-map',
      `0:${index}`,
      '-c:0',
      encoder ?? 'copy',
      ...args,
      ...covers.args,
      ...tagsFrom(known, index, container),
      ...muxed(container, path),
    ],
    { seconds: known.durationSeconds, after },
  )
  return await run.keep(path, { name: nameIn(container, asset.name) })
}

/** Ogg keeps the tags of a song with its sound, other containers with the file. */
function tagsFrom({ container }: Known, index: number, into: string): readonly string[] {
  const ogg = (name: string | undefined) => name === 'ogg' || name === 'opus'
  if (ogg(container) === ogg(into)) return []
  return ogg(container) ? ['-map_metadata', `0:s:${index}`] : ['-map_metadata', '0', '-map_metadata:s:0', '0:g']
}

/** A song that is in the right format, and nothing else, is left alone. */
function isAlready({ container, encoder }: Plan, known: Known): boolean {
  const { muxer }: Container = containers[container]
  const same = { ipod: 'mp4', opus: 'ogg', matroska: 'matroska' }[muxer] ?? muxer
  const only = known.streams.every(({ kind }) => kind === 'audio' || kind === 'attachment')
  return encoder === undefined && only && soundsOf(known).length === 1 && known.container === same
}

function noSound(name: string, track: number): Fault {
  const reason = track === 1 ? `${name} has no sound` : `${name} has no sound number ${track}`
  return new Fault('process.failed', { reason })
}
