import { Fault } from '@jackdaw/contract/faults.ts'
import type { Choice, Media, Part } from '@jackdaw/contract/nouns/media.ts'
import type { MediaKey } from '@jackdaw/contract/nouns/options.ts'
import { codecName, isPictureCodec } from '#kernel/manifest/codecs.ts'
import type { Representation } from '#kernel/manifest/dash-representation.ts'
import { safeName } from '#kernel/names.ts'

/** What every choice shares. */
export interface Shared {
  readonly title: string
  /** The manifest, as it was asked for. */
  readonly url: string
  readonly site: string
  readonly seconds: number | undefined
}

/** As many as media may have. */
const mostChoices = 500

/** The representations that can be read with these keys. Throws `source.protected` when that is none. */
export function withKeys(all: readonly Representation[], keys: readonly MediaKey[]): readonly Representation[] {
  const hasAny = keys.some(({ kid }) => kid === undefined)
  const kids = new Set(keys.map(({ kid }) => kid?.toLowerCase()))
  const usable = all.filter(({ protection, type }) => {
    if (protection === undefined) return true
    // WebM is encrypted in a way of its own, which nothing here undoes.
    if (type.endsWith('/webm')) return false
    if (hasAny) return true
    return protection.kids.length === 0 ? keys.length > 0 : protection.kids.every((kid) => kids.has(kid))
  })
  const kinds = (list: readonly Representation[]) =>
    new Set(list.map(({ kind }) => kind).filter((kind) => kind !== 'subtitle'))
  const [offered, left] = [kinds(all), kinds(usable)]
  // A film without its picture, or without its sound, is not what was asked for.
  if (offered.size > 0 && [...offered].every((kind) => left.has(kind))) return usable
  throw new Fault('source.protected', { reason: reasonOf(all.filter((one) => !usable.includes(one))) })
}

function reasonOf(locked: readonly Representation[]): string {
  const told = locked.map(({ protection }) => protection).filter((protection) => protection !== undefined)
  const systems = [...new Set(told.flatMap(({ systems }) => systems))]
  const kids = [...new Set(told.flatMap(({ kids }) => kids))]
  const by = systems.length === 0 ? 'it asks for keys' : `its keys come from ${systems.join(', ')}, which is not asked`
  return kids.length === 0 ? by : `${by}; ids of the keys: ${kids.slice(0, 4).join(', ')}`
}

/** Each picture with the best sound for it, then each sound alone; best first. */
export function choicesOf(all: readonly Representation[], shared: Shared, languages: readonly string[]): Choice[] {
  const better = (a: Representation, b: Representation) =>
    (b.height ?? 0) - (a.height ?? 0) ||
    b.bandwidth - a.bandwidth ||
    (b.framesPerSecond ?? 0) - (a.framesPerSecond ?? 0)
  const pictures = all.filter(({ kind }) => kind === 'video').toSorted(better)
  const sounds = all.filter(({ kind }) => kind === 'audio').toSorted(byWish(all, languages))
  const together = pictures.map((picture) => {
    // WebM holds no AAC: sound of the same family first, where it is as much wished for.
    const alike = sounds.find(
      (sound) => familyOf(sound) === familyOf(picture) && sound.language === sounds[0]?.language,
    )
    const sound = hasSound(picture) ? undefined : (alike ?? sounds[0])
    return choiceOf(picture, sound, shared)
  })
  const alone = sounds.map((sound) => choiceOf(undefined, sound, shared))
  return [...together, ...alone].slice(0, mostChoices)
}

/** WebVTT only: what is wrapped into MP4 (stpp, wvtt) no program here reads. */
export function subtitlesOf(all: readonly Representation[], shared: Shared): NonNullable<Media['subtitles']> {
  const texts = all.filter(({ kind, type }) => kind === 'subtitle' && type === 'text/vtt')
  return texts.slice(0, 200).map((text) => {
    const language = text.language ?? 'und'
    return {
      language,
      automatic: false,
      part: {
        ...partOf({ subtitle: text.id }, `${shared.title}.${language}.vtt`, shared),
        type: 'text/vtt',
        role: 'subtitle' as const,
        ...(text.language !== undefined && { language: text.language }),
      },
    }
  })
}

function choiceOf(picture: Representation | undefined, sound: Representation | undefined, shared: Shared): Choice {
  const both = [picture, sound].filter((one) => one !== undefined)
  const bitrate = both.reduce((sum, { bandwidth }) => sum + bandwidth, 0)
  const container = containerOf(both)
  const [videoCodec, audioCodec] = [codecOf(picture, true), codecOf(sound ?? picture, false)]
  const part = partOf(
    { ...(picture && { video: picture.id }), ...(sound && { audio: sound.id }) },
    `${shared.title}.${container === 'mp4' && picture === undefined ? 'm4a' : container}`,
    shared,
  )
  const language = sound?.language
  return {
    id: [picture && `v${picture.id}`, sound && `a${sound.id}`].filter((id) => id !== undefined).join('+'),
    kind: picture === undefined ? 'audio' : 'video',
    label: labelOf(picture, sound, videoCodec, audioCodec),
    ...(picture?.width !== undefined && { width: picture.width }),
    ...(picture?.height !== undefined && { height: picture.height }),
    ...(picture?.framesPerSecond !== undefined && { framesPerSecond: picture.framesPerSecond }),
    bitrate,
    ...(shared.seconds !== undefined &&
      bitrate > 0 && { bytes: Math.round((bitrate * shared.seconds) / 8), isEstimate: true }),
    ...(language !== undefined && { language }),
    ...(videoCodec !== undefined && { videoCodec }),
    ...(audioCodec !== undefined && { audioCodec }),
    container: picture === undefined && container === 'mp4' ? 'm4a' : container,
    parts: [{ ...part, ...(language !== undefined && { language }) }],
  }
}

function partOf(request: Readonly<Record<string, string>>, name: string, { url, site }: Shared): Part {
  return { transport: 'dash', name: safeName(name), site, request: { url, ...request } }
}

function labelOf(
  picture: Representation | undefined,
  sound: Representation | undefined,
  videoCodec: string | undefined,
  audioCodec: string | undefined,
): string {
  const rate = picture?.framesPerSecond
  const size = picture && `${picture.height ?? '?'}p${rate !== undefined && rate > 31 ? Math.round(rate) : ''}`
  const speed = picture === undefined && sound ? `${Math.round(sound.bandwidth / 1000)}k` : undefined
  const codecs = [videoCodec, audioCodec].filter((codec) => codec !== undefined).join(' + ')
  const about = [sound?.language, sound?.isMain === false ? (sound.label ?? 'commentary') : undefined]
  return [size, codecs, speed, ...about]
    .filter((word) => word !== undefined && word !== '')
    .join(' ')
    .slice(0, 200)
}

/** The wished-for language, then what is meant for most people, the language that is listed first, the higher bitrate. */
function byWish(
  all: readonly Representation[],
  languages: readonly string[],
): (a: Representation, b: Representation) => number {
  const wishes = languages.map((language) => language.toLowerCase().replaceAll('_', '-'))
  const listed = all.filter(({ kind }) => kind === 'audio').map(({ language }) => language)
  const rank = ({ language }: Representation) => {
    const tag = language?.toLowerCase()
    const at = wishes.findIndex((wish) => tag === wish || tag?.split('-')[0] === wish.split('-')[0])
    return at < 0 ? wishes.length : at
  }
  return (a, b) =>
    rank(a) - rank(b) ||
    Number(b.isMain) - Number(a.isMain) ||
    listed.indexOf(a.language) - listed.indexOf(b.language) ||
    b.bandwidth - a.bandwidth
}

function hasSound({ codecs }: Representation): boolean {
  return (
    codecs.split(',').length > 1 &&
    codecs.split(',').some((codec) => codecName(codec) !== undefined && !isPictureCodec(codec))
  )
}

function codecOf(one: Representation | undefined, ofPicture: boolean): string | undefined {
  const codecs = (one?.codecs ?? '').split(',').filter((codec) => codecName(codec) !== undefined)
  return codecs
    .map((codec) => (isPictureCodec(codec) === ofPicture ? codecName(codec) : undefined))
    .find((name) => name !== undefined)
}

function familyOf({ type }: Representation): string {
  return type.split('/')[1] ?? ''
}

/** What holds all of them without conversion. */
function containerOf(both: readonly Representation[]): string {
  const families = new Set(both.map(familyOf))
  if (families.size === 1 && families.has('webm')) return 'webm'
  return families.has('webm') ? 'mkv' : 'mp4'
}
