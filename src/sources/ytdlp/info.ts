import { z } from 'zod'

/** A value of the kind that is expected, or nothing: what extractors write is not always what they mean. */
const text = z.string().nullish().catch(null)
const number = z.number().nullish().catch(null)
const flag = z.boolean().nullish().catch(null)
const list = <S extends z.ZodType>(item: S) =>
  z
    .array(z.unknown())
    .catch([])
    .transform((all) =>
      all.flatMap((one) => {
        const parsed = item.safeParse(one)
        return parsed.success ? [parsed.data] : []
      }),
    )

const Headers = z.record(z.string(), z.string()).nullish().catch(null)

/** One way to have a media, as yt-dlp lists it: the best one stands last. */
export const Format = z.object({
  format_id: z.string().min(1).max(90),
  url: z.string(),
  ext: text,
  protocol: text,
  vcodec: text,
  acodec: text,
  video_ext: text,
  width: number,
  height: number,
  fps: number,
  tbr: number,
  filesize: number,
  filesize_approx: number,
  language: text,
  language_preference: number,
  dynamic_range: text,
  has_drm: z.unknown().optional(),
  fragments: z.unknown().optional(),
  hls_aes: z.unknown().optional(),
  extra_param_to_segment_url: z.unknown().optional(),
  http_headers: Headers,
  cookies: text,
  available_at: number,
  downloader_options: z.object({ http_chunk_size: number }).nullish().catch(null),
})
export type Format = z.infer<typeof Format>

const Thumbnail = z.object({ url: z.string(), width: number, height: number, http_headers: Headers })
const Subtitle = z.object({ url: text, ext: text, protocol: text, http_headers: Headers })
export type Subtitle = z.infer<typeof Subtitle>
const Subtitles = z.record(z.string(), list(Subtitle)).nullish().catch(null)
const Chapter = z.object({ title: text, start_time: z.number(), end_time: number })

/** One line of yt-dlp's output: a media with its formats, or a member of a list that has not been looked at. */
export const Info = z.object({
  _type: text,
  id: text,
  url: text,
  title: text,
  ie_key: text,
  extractor: text,
  extractor_key: text,
  availability: text,
  webpage_url: text,
  original_url: text,
  description: text,
  duration: number,
  timestamp: number,
  upload_date: text,
  uploader: text,
  channel: text,
  creator: text,
  artist: text,
  uploader_url: text,
  channel_url: text,
  is_live: flag,
  live_status: text,
  thumbnail: text,
  thumbnails: list(Thumbnail),
  formats: list(Format),
  subtitles: Subtitles,
  automatic_captions: Subtitles,
  chapters: list(Chapter),
  playlist: text,
  playlist_id: text,
  playlist_title: text,
  playlist_uploader: text,
  playlist_count: number,
  playlist_index: number,
})
export type Info = z.infer<typeof Info>
