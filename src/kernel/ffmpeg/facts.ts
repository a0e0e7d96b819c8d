import { z } from 'zod'
import { MediaFacts } from '@jackdaw/contract/nouns/asset.ts'
import { isPicture } from './input.ts'

/** What we read of `ffprobe -of json -show_format -show_streams`; numbers come as text there, and may be "N/A". */
const Probed = z.object({
  format: z
    .object({
      format_name: z.string().catch(''),
      duration: z.string().optional().catch(undefined),
      bit_rate: z.string().optional().catch(undefined),
      tags: z.record(z.string(), z.unknown()).optional().catch(undefined),
    })
    .optional(),
  streams: z
    .array(
      z.object({
        codec_type: z.string().catch('data'),
        codec_name: z.string().catch('unknown'),
        width: z.number().optional().catch(undefined),
        height: z.number().optional().catch(undefined),
        avg_frame_rate: z.string().optional().catch(undefined),
        channels: z.number().optional().catch(undefined),
        sample_rate: z.string().optional().catch(undefined),
        disposition: z.record(z.string(), z.number()).optional().catch(undefined),
        tags: z.record(z.string(), z.unknown()).optional().catch(undefined),
        side_data_list: z.array(z.record(z.string(), z.unknown())).optional().catch(undefined),
      }),
    )
    .catch([]),
})
type Probed = z.infer<typeof Probed>
type Stream = Probed['streams'][number]

/** Media facts from ffprobe's JSON, or nothing if there is neither sound nor picture in it. `type` is the asset's. */
export function factsOf(probed: unknown, type: string): MediaFacts | undefined {
  const { format, streams } = Probed.parse(probed)
  const kinds = streams.map(kindOf)
  // A demuxer that is given by name sees a picture in any text, but one without a size.
  const picture = streams.find((stream, index) => kinds[index] === 'video' && whole(stream.width) !== undefined)
  if (picture === undefined && !kinds.includes('audio')) return undefined
  const still = isPicture(type) && type !== 'image/gif'
  // Ogg keeps its tags on the first stream.
  const tags = tagsOf({ ...streams[0]?.tags, ...format?.tags })
  const facts = {
    container: containerOf(format, type),
    // ffprobe calls a picture a film of one frame.
    durationSeconds: still ? undefined : positive(format?.duration),
    bitrate: still ? undefined : positive(format?.bit_rate),
    ...(picture && shownSize(picture)),
    streams: streams.map((stream, index) => ({
      kind: kinds[index],
      codec: stream.codec_name,
      language: languageOf(stream),
      ...(kinds[index] !== 'audio' && shownSize(stream)),
      framesPerSecond: kinds[index] === 'video' && !still ? ratio(stream.avg_frame_rate) : undefined,
      channels: whole(stream.channels),
      sampleRate: whole(positive(stream.sample_rate)),
    })),
    tags: Object.keys(tags).length === 0 ? undefined : tags,
  }
  // By way of JSON, so that what is not known has no key and does not hide what was known before.
  return MediaFacts.parse(JSON.parse(JSON.stringify(facts)))
}

function kindOf(stream: Stream): NonNullable<MediaFacts['streams']>[number]['kind'] {
  if (stream.codec_type === 'video') return stream.disposition?.['attached_pic'] === 1 ? 'attachment' : 'video'
  if (stream.codec_type === 'audio' || stream.codec_type === 'subtitle' || stream.codec_type === 'attachment') {
    return stream.codec_type
  }
  return 'data'
}

/** One word where ffprobe names a family: `mov,mp4,m4a,3gp,3g2,mj2`. */
function containerOf(format: Probed['format'], type: string): string | undefined {
  const [first = ''] = (format?.format_name ?? '').split(',')
  if (first === 'mov') return String(format?.tags?.['major_brand'] ?? '').startsWith('qt') ? 'mov' : 'mp4'
  if (first === 'matroska') return type.endsWith('/webm') ? 'webm' : 'matroska'
  return first.replace(/_pipe$/, '') || undefined
}

/** As it is shown: a phone films upright by storing it sideways and a note to turn it. */
function shownSize(stream: Stream): { width?: number | undefined; height?: number | undefined } {
  const [width, height] = [whole(stream.width), whole(stream.height)]
  const turned = stream.side_data_list?.some((side) => Math.abs(Number(side['rotation'] ?? 0)) % 180 === 90)
  return turned === true ? { width: height, height: width } : { width, height }
}

function languageOf(stream: Stream): string | undefined {
  const language = tagsOf(stream.tags ?? {})['language']
  return language === 'und' ? undefined : language
}

/** More tags, or longer ones, are not for reading. */
const mostTags = 64
const longestTag = 2000

function tagsOf(tags: Readonly<Record<string, unknown>>): Record<string, string> {
  const words = Object.entries(tags)
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    .map(([key, value]) => [plain(key).toLowerCase().slice(0, 100), plain(value).slice(0, longestTag)] as const)
    .filter(([key, value]) => key !== '' && value !== '')
  return Object.fromEntries(words.slice(0, mostTags).map(([key, value]) => [key, value.toWellFormed()]))
}

/** PostgreSQL's JSON takes no NUL. */
function plain(text: string): string {
  return text.replaceAll('\0', '').trim()
}

function positive(text: string | undefined): number | undefined {
  const value = Number(text ?? Number.NaN)
  return Number.isFinite(value) && value > 0 ? value : undefined
}

function whole(value: number | undefined): number | undefined {
  return value !== undefined && Number.isSafeInteger(value) && value > 0 ? value : undefined
}

function ratio(text: string | undefined): number | undefined {
  const [over = '', under = '1'] = (text ?? '').split('/')
  const value = Number(over) / Number(under)
  return Number.isFinite(value) && value > 0 ? Math.round(value * 1000) / 1000 : undefined
}
