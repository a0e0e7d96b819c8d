import type { Choice, Media, Part } from '@jackdaw/contract/nouns/media.ts'
import type { Master, Rendition, Variant } from '#kernel/manifest/hls.ts'

/** What every part of one link has in common. */
export interface Place {
  readonly title: string
  readonly site: string
  /** The link: the site that secrets of the job are for. */
  readonly home: string
}

/** The media of a choice: several sounds come into one file only when they are asked for. */
export interface ChoiceHow {
  /** Preferred ones first. */
  readonly languages: readonly string[]
  readonly seconds: number | undefined
}

/** The variants as choices, best first, then the sound alone. */
export function choicesOf(master: Master, place: Place, how: ChoiceHow): Choice[] {
  const ids = new Set<string>()
  const unique = (id: string): string => {
    let name = id
    for (let number = 2; ids.has(name); number += 1) name = `${id}-${number}`
    ids.add(name)
    return name
  }
  const [pictures, sounds]: [Variant[], Variant[]] = [[], []]
  for (const variant of master.variants) (isSound(variant) ? sounds : pictures).push(variant)
  const best = (a: Variant, b: Variant) => (b.height ?? 0) - (a.height ?? 0) || b.bandwidth - a.bandwidth
  return [
    ...pictures.sort(best).map((variant) => withPicture(variant, master, place, how, unique)),
    ...sounds.sort(best).map((variant) => soundOf(variant, soundBeside(master, variant, how), place, how, unique)),
    ...soundsBeside(master, pictures, place, how, unique),
  ].slice(0, 500)
}

/** Subtitles that have a playlist of their own, once per language. */
export function subtitlesOf(master: Master, { title, site, home }: Place): NonNullable<Media['subtitles']> {
  const found = new Map<string, NonNullable<Media['subtitles']>[number]>()
  for (const { kind, url, language = 'und' } of master.renditions) {
    if (kind !== 'subtitles' || url === undefined || found.has(language)) continue
    const part: Part = {
      transport: 'hls',
      name: `${title}.${language}.vtt`,
      type: 'text/vtt',
      site,
      role: 'subtitle',
      language,
      request: { url, home, kind: 'subtitle', ...definitionsOf(master) },
    }
    found.set(language, { language, automatic: false, part })
  }
  return [...found.values()]
}

type Unique = (id: string) => string

function withPicture(variant: Variant, master: Master, place: Place, how: ChoiceHow, unique: Unique): Choice {
  const { width, height, framesPerSecond, bandwidth, codecs } = variant
  const sound = soundBeside(master, variant, how)
  const videoCodec = codecs.map(codecName).find((name) => name !== undefined && pictureCodecs.has(name))
  const audioCodec = codecs.map(codecName).find((name) => name !== undefined && !pictureCodecs.has(name))
  const size = height === undefined ? 'video' : `${height}p`
  const rate = framesPerSecond !== undefined && framesPerSecond > 30 ? String(Math.round(framesPerSecond)) : ''
  const codec = [videoCodec, audioCodec].filter((name) => name !== undefined).join(' + ')
  const language = sound?.language
  return {
    id: unique(`${size}${rate}-${Math.round(bandwidth / 1000)}k`),
    kind: 'video',
    label: [`${size}${rate}`, codec, rateText(bandwidth)].filter((text) => text !== '').join(' '),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(framesPerSecond !== undefined && { framesPerSecond }),
    ...cost(bandwidth, how.seconds),
    ...(language !== undefined && { language }),
    ...(videoCodec !== undefined && { videoCodec }),
    ...(audioCodec !== undefined && { audioCodec }),
    container: 'mp4',
    parts: [
      {
        transport: 'hls',
        name: `${place.title}.mp4`,
        site: place.site,
        ...(language !== undefined && { language }),
        request: {
          url: variant.url,
          home: place.home,
          kind: sound?.url === undefined ? 'muxed' : 'video',
          ...(sound?.url !== undefined && {
            also: [{ url: sound.url, kind: 'audio', ...(language !== undefined && { language }) }],
          }),
          ...definitionsOf(master),
        },
      },
    ],
  }
}

/** The rendition that goes with a variant: in the first language that is wanted, else the default, else the first. */
function soundBeside(master: Master, variant: Variant, { languages }: ChoiceHow): Rendition | undefined {
  const group = master.renditions.filter(({ kind, group }) => kind === 'audio' && group === variant.audio)
  for (const wanted of languages) {
    const found = group.find(({ language }) => language !== undefined && matches(language, wanted))
    if (found) return found
  }
  return group.find(({ isDefault }) => isDefault) ?? group[0]
}

function soundOf(
  { url, bandwidth, codecs }: Pick<Variant, 'url' | 'bandwidth' | 'codecs'>,
  rendition: Rendition | undefined,
  place: Place,
  how: ChoiceHow,
  unique: Unique,
  definitions: object = {},
): Choice {
  const audioCodec = codecs.map(codecName).find((name) => name !== undefined && !pictureCodecs.has(name))
  const container = audioCodec === 'mp3' ? 'mp3' : 'm4a'
  const language = rendition?.language
  const id = ['audio', language, bandwidth > 0 ? `${Math.round(bandwidth / 1000)}k` : undefined]
  const label = ['sound', rendition?.name || language, audioCodec, rateText(bandwidth)]
  return {
    id: unique(id.filter((part) => part !== undefined).join('-')),
    kind: 'audio',
    label: label
      .filter((part) => part !== undefined && part !== '')
      .join(' ')
      .slice(0, 200),
    ...(bandwidth > 0 && cost(bandwidth, how.seconds)),
    ...(language !== undefined && { language }),
    ...(audioCodec !== undefined && { audioCodec }),
    container,
    parts: [
      {
        transport: 'hls',
        name: `${place.title}.${container}`,
        site: place.site,
        ...(language !== undefined && { language }),
        request: { url, home: place.home, kind: 'audio', ...definitions },
      },
    ],
  }
}

/** Each sound beside the pictures, alone. What it costs, no playlist says. */
function soundsBeside(
  master: Master,
  pictures: readonly Variant[],
  place: Place,
  how: ChoiceHow,
  unique: Unique,
): Choice[] {
  const groups = new Set(pictures.map(({ audio }) => audio))
  const seen = new Set<string>()
  const found = master.renditions.filter(({ kind, group, url }) => {
    if (kind !== 'audio' || url === undefined || !groups.has(group) || seen.has(url)) return false
    seen.add(url)
    return true
  })
  const rank = ({ language, isDefault }: Rendition) => {
    const wanted = how.languages.findIndex((one) => language !== undefined && matches(language, one))
    return wanted >= 0 ? wanted : isDefault ? 100 : 101
  }
  return found
    .toSorted((a, b) => rank(a) - rank(b))
    .map((rendition) => {
      const codecs = pictures.find(({ audio }) => audio === rendition.group)?.codecs ?? []
      const sound = { url: rendition.url ?? '', bandwidth: 0, codecs }
      return soundOf(sound, rendition, place, how, unique, definitionsOf(master))
    })
}

/** No picture size and only codecs of sound. */
function isSound({ height, codecs }: Variant): boolean {
  const names = codecs.map(codecName)
  return (
    height === undefined && names.length > 0 && names.every((name) => name !== undefined && !pictureCodecs.has(name))
  )
}

const pictureCodecs: ReadonlySet<string> = new Set(['h264', 'hevc', 'av1', 'vp9', 'vp8'])

/** Sample entries (RFC 6381) by the names that people know. */
function codecName(codec: string): string | undefined {
  const entry = codec.split('.')[0]?.toLowerCase() ?? ''
  if (entry === 'mp4a') return /^mp4a\.(?:40\.34|69|6b)$/i.test(codec) ? 'mp3' : 'aac'
  const names: Readonly<Record<string, string>> = {
    avc1: 'h264',
    avc3: 'h264',
    hvc1: 'hevc',
    hev1: 'hevc',
    dvh1: 'hevc',
    dvhe: 'hevc',
    av01: 'av1',
    vp09: 'vp9',
    vp08: 'vp8',
    'ac-3': 'ac3',
    'ec-3': 'eac3',
    opus: 'opus',
    flac: 'flac',
    mp3: 'mp3',
  }
  return Object.hasOwn(names, entry) ? names[entry] : undefined
}

function cost(bitrate: number, seconds: number | undefined): Partial<Choice> {
  if (bitrate <= 0) return {}
  const bytes = Math.round((bitrate * (seconds ?? Number.NaN)) / 8)
  return { bitrate, ...(Number.isSafeInteger(bytes) && { bytes, isEstimate: true }) }
}

function rateText(bandwidth: number): string {
  if (bandwidth <= 0) return ''
  return bandwidth >= 1e6 ? `${(bandwidth / 1e6).toFixed(1)} Mbit/s` : `${Math.round(bandwidth / 1000)} kbit/s`
}

/** `en` takes `en-GB`; `en-GB` takes nothing else. */
function matches(language: string, wanted: string): boolean {
  const [one, other] = [language.toLowerCase(), wanted.toLowerCase().replace('_', '-')]
  return one === other || one.startsWith(`${other}-`)
}

function definitionsOf({ definitions }: Master): { definitions?: Record<string, string> } {
  return Object.keys(definitions).length === 0 ? {} : { definitions: { ...definitions } }
}
