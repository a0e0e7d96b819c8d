import type { Cue } from './cues.ts'

export const formats = {
  srt: { extension: '.srt', type: 'application/x-subrip', write: srt },
  vtt: { extension: '.vtt', type: 'text/vtt', write: vtt },
  ass: { extension: '.ass', type: 'text/x-ssa', write: ass },
} as const
export type SubtitleFormat = keyof typeof formats

/** SubRip. */
function srt(cues: readonly Cue[]): string {
  const stamp = (millis: number) => clock(millis, ',')
  return cues.map(({ from, to, text }, index) => `${index + 1}\n${stamp(from)} --> ${stamp(to)}\n${text}\n`).join('\n')
}

/** WebVTT (W3C), where `&` begins an entity. */
function vtt(cues: readonly Cue[]): string {
  const stamp = (millis: number) => clock(millis, '.')
  const texts = cues.map(({ from, to, text }) => `${stamp(from)} --> ${stamp(to)}\n${text.replaceAll('&', '&amp;')}\n`)
  return `WEBVTT\n\n${texts.join('\n')}`
}

/** Advanced SubStation Alpha with one plain style. */
function ass(cues: readonly Cue[]): string {
  const lines = cues.map(
    ({ from, to, text }) => `Dialogue: 0,${centi(from)},${centi(to)},Default,,0,0,0,,${marks(text)}`,
  )
  return `${head}${lines.join('\n')}\n`
}

const head = `[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288
WrapStyle: 0

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
`

/** Braces and backslashes are marks in ASS, and no text of ours. */
function marks(text: string): string {
  return text
    .replaceAll('{', '(')
    .replaceAll('}', ')')
    .replaceAll('\\', '⧵')
    .replace(/<(\/?)([biu])>/g, (_, slash: string, tag: string) => `{\\${tag}${slash === '' ? 1 : 0}}`)
    .replaceAll('\n', '\\N')
}

function clock(millis: number, point: string): string {
  const part = (unit: number, of: number, digits: number) =>
    String(Math.floor(millis / unit) % of).padStart(digits, '0')
  return `${part(3_600_000, 1e6, 2)}:${part(60_000, 60, 2)}:${part(1000, 60, 2)}${point}${part(1, 1000, 3)}`
}

function centi(millis: number): string {
  return clock(millis, '.').replace(/^0/, '').slice(0, -1)
}
