import { Fault } from '@jackdaw/contract/faults.ts'

interface Cue {
  readonly from: number
  readonly to: number
  readonly settings: string
  readonly text: string
}

/** MPEG clocks count 90,000 in a second and begin anew after 2^33. */
const clock = 90_000
const turn = 2 ** 33 / clock

/**
 * One WebVTT file of the segments of one (RFC 8216, 3.5): times by X-TIMESTAMP-MAP, counted from the first segment's, each
 * cue once although it stands in every segment that it reaches into. Throws `source.malformed` when it is something else.
 */
export function joinVtt(segments: readonly string[]): string {
  const heads: string[] = []
  const cues = new Map<string, Cue>()
  let first: number | undefined
  for (const segment of segments) {
    const blocks = segment
      .replace(/^\uFEFF/, '')
      .replaceAll(/\r\n?/g, '\n')
      .split(/\n{2,}/)
    const [head = '', ...rest] = blocks
    if (!/^WEBVTT(?:[ \t\n]|$)/.test(head)) {
      if (segment.trim() === '') continue
      throw new Fault('source.malformed', { reason: 'the subtitles are not WebVTT' })
    }
    const map = mapOf(head)
    first ??= map
    let shift = map === undefined || first === undefined ? 0 : map - first
    if (shift < -turn / 2) shift += turn
    // Cues may follow the head without an empty line.
    for (const block of [head.split('\n').slice(1).join('\n'), ...rest]) {
      const cue = cueOf(block, shift)
      if (cue) cues.set(`${cue.from.toFixed(3)} ${cue.to.toFixed(3)} ${cue.text}`, cue)
      else if (/^(?:STYLE|REGION)\s/.test(block) && !heads.includes(block)) heads.push(block)
    }
  }
  const sorted = [...cues.values()].sort((a, b) => a.from - b.from || a.to - b.to)
  const written = sorted.map(({ from, to, settings, text }) => `${time(from)} --> ${time(to)}${settings}\n${text}`)
  return `${['WEBVTT', ...heads, ...written].join('\n\n')}\n`
}

/** The moment of the clock at which the segment's own time is 0. */
function mapOf(head: string): number | undefined {
  const line = /^X-TIMESTAMP-MAP\s*=\s*(.+)$/m.exec(head)?.[1]
  const local = secondsOf(/LOCAL:([\d:.]+)/.exec(line ?? '')?.[1] ?? '')
  const ticks = /MPEGTS:(\d{1,12})/.exec(line ?? '')?.[1]
  return ticks === undefined ? undefined : Number(ticks) / clock - (local ?? 0)
}

function cueOf(block: string, shift: number): Cue | undefined {
  const lines = block.split('\n')
  // Before the times there may be a name.
  const at = lines.slice(0, 2).findIndex((line) => line.includes('-->'))
  const match = /^\s*([\d:.]+)\s+-->\s+([\d:.]+)([ \t].*)?$/.exec(lines[at] ?? '')
  const [from, to] = [secondsOf(match?.[1] ?? ''), secondsOf(match?.[2] ?? '')]
  const text = lines
    .slice(at + 1)
    .join('\n')
    .trimEnd()
  if (from === undefined || to === undefined || text === '') return undefined
  const settings = match?.[3]?.trim() ?? ''
  return { from: Math.max(0, from + shift), to: Math.max(0, to + shift), settings: settings && ` ${settings}`, text }
}

function secondsOf(text: string): number | undefined {
  const match = /^(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2}\.\d{1,3})$/.exec(text)
  return match ? Number(match[1] ?? 0) * 3600 + Number(match[2]) * 60 + Number(match[3]) : undefined
}

function time(seconds: number): string {
  const ms = Math.round(seconds * 1000)
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${String(ms % 1000).padStart(3, '0')}`
}
