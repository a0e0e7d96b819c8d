import { safeText } from './markup.ts'

/** One text and when it is shown, in milliseconds. Of marks it has `<b>`, `<i>` and `<u>`, balanced; see `safeText`. */
export interface Cue {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** More than a day of talk; what has more is not subtitles. */
const mostCues = 100_000

/**
 * Reads SubRip, WebVTT or Advanced SubStation Alpha, whichever it is, as players do: what is not understood is passed over.
 * Texts are cleaned. Sorted by time.
 */
export function parseCues(text: string): readonly Cue[] {
  const lines = text.split(/\r\n|\n|\r/)
  const isAss = lines.some((line) => /^\[(?:Script Info|Events)\]\s*$/i.test(line))
  const cues = [...(isAss ? assCues(lines) : timedCues(lines))].filter(({ from, to, text }) => to > from && text !== '')
  return cues.sort((a, b) => a.from - b.from)
}

/** Cues moved in time; what would be over before the beginning is left out. */
export function shifted(cues: readonly Cue[], offsetSeconds: number): readonly Cue[] {
  const by = Math.round(offsetSeconds * 1000)
  return cues
    .map(({ from, to, text }) => ({ from: Math.max(0, from + by), to: to + by, text }))
    .filter(({ from, to }) => to > from)
}

/** Cues of a film of which only these stretches were kept, one after the other. Seconds. */
export function within(cues: readonly Cue[], ranges: readonly Stretch[]): readonly Cue[] {
  let before = 0
  return ranges.flatMap(({ from, to = Infinity }) => {
    const [start, end, by] = [from * 1000, to * 1000, before - from * 1000]
    before += end - start
    return cues
      .filter((cue) => cue.to > start && cue.from < end)
      .map((cue) => ({
        from: Math.round(Math.max(cue.from, start) + by),
        to: Math.round(Math.min(cue.to, end) + by),
        text: cue.text,
      }))
      .filter((cue) => cue.to > cue.from)
  })
}

export interface Stretch {
  readonly from: number
  readonly to?: number | undefined
}

const arrow = /^\s*([\d:.,]{5,20})\s*-->\s*([\d:.,]{5,20})/

/** SubRip and WebVTT: a line with two times, then text until an empty line. */
function* timedCues(lines: readonly string[]): Generator<Cue> {
  let count = 0
  for (let at = 0; at < lines.length && count < mostCues; at += 1) {
    const match = arrow.exec((lines[at] ?? '').slice(0, 200))
    if (!match) continue
    const [from, to] = [millis(match[1]), millis(match[2])]
    const text: string[] = []
    while (at + 1 < lines.length && lines[at + 1]?.trim() !== '' && !arrow.test((lines[at + 1] ?? '').slice(0, 200))) {
      at += 1
      text.push(lines[at] ?? '')
    }
    if (from === undefined || to === undefined) continue
    count += 1
    yield { from, to, text: safeText(text.join('\n')) }
  }
}

function* assCues(lines: readonly string[]): Generator<Cue> {
  let fields = ['layer', 'start', 'end', 'style', 'name', 'marginl', 'marginr', 'marginv', 'effect', 'text']
  let section = ''
  let count = 0
  for (const line of lines) {
    if (line.startsWith('[')) section = line.trim().toLowerCase()
    if (section !== '[events]' || count >= mostCues) continue
    const [, kind = '', rest = ''] = /^(Format|Dialogue):\s*(.*)$/i.exec(line) ?? []
    if (kind.toLowerCase() === 'format') fields = rest.split(',').map((field) => field.trim().toLowerCase())
    if (kind.toLowerCase() !== 'dialogue') continue
    // The text comes last and may have commas.
    const values = rest.split(',')
    const value = (field: string) => values[fields.indexOf(field)]
    const [from, to] = [millis(value('start')), millis(value('end'))]
    const raw = values.slice(fields.length - 1).join(',')
    // Drawings are shapes, not words.
    if (from === undefined || to === undefined || /\\p[1-9]/.test(raw.slice(0, 1000))) continue
    count += 1
    yield { from, to, text: safeText(fromAss(raw)) }
  }
}

/** Marks of ASS as tags: `{\i1}` is `<i>`; all others go. */
function fromAss(text: string): string {
  return text
    .replace(/\{([^{}]*)\}/g, (_, overrides: string) =>
      [...overrides.matchAll(/\\([biu])([01])(?![\d])/g)]
        .map(([, tag, on]) => `<${on === '1' ? '' : '/'}${tag}>`)
        .join(''),
    )
    .replace(/\\[Nn]/g, '\n')
    .replace(/\\h/g, ' ')
}

/** `1:02:03,456`, `02:03.4`, `0:00:01.23`. */
function millis(time: string | undefined): number | undefined {
  const match = /^(?:(\d{1,4}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,3}))?$/.exec(time?.trim() ?? '')
  if (!match) return undefined
  const [, hours = '0', minutes = '0', seconds = '0', fraction = ''] = match
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, '0'))
}
