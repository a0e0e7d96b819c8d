import stringWidth from 'string-width'
import { formatDuration } from '#kernel/bytes.ts'

/** `12.3 MiB`, always with one decimal from 1 KiB on: a number that is watched must be seen to move. */
export function size(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} B`
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let value = bytes / 1024
  let unit = 0
  // 1023.96 would be rounded to "1024.0 KiB".
  while (value >= 1023.95 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value.toFixed(1)} ${units[unit]}`
}

/** `0.4 s`, `12s`, `3:05`: how long something took. */
export function span(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  return formatDuration(seconds)
}

/** `0:12`, `1:30`, `1:02:03`: a place in something that plays. */
export function clock(seconds: number): string {
  const text = formatDuration(seconds)
  return text.endsWith('s') ? `0:${text.slice(0, -1).padStart(2, '0')}` : text
}

/**
 * Text from outside on one terminal line: a title must not move the cursor, colour the screen or turn the reading
 * direction (Unicode TR 36). Control characters become spaces.
 */
export function plain(text: string): string {
  return text
    .replace(/[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g, '')
    .replace(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .trim()
}

/** At most `width` columns; the end is cut and marked. Wide characters count two. */
export function fit(text: string, width: number): string {
  if (width <= 0) return ''
  if (stringWidth(text) <= width) return text
  let kept = ''
  let columns = 0
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const more = stringWidth(segment)
    if (columns + more > width - 1) break
    kept += segment
    columns += more
  }
  return `${kept}…`
}

/** Exactly `width` columns. */
export function pad(text: string, width: number): string {
  const fitted = fit(text, width)
  return fitted + ' '.repeat(Math.max(0, width - stringWidth(fitted)))
}

/** Rows of text in columns as wide as their widest cell; the last column takes what is left of `width`. */
export function table(rows: readonly (readonly string[])[], width: number): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length))
  const widths = Array.from({ length: columns }, (_, index) =>
    Math.max(0, ...rows.map((row) => stringWidth(row[index] ?? ''))),
  )
  return rows.map((row) => {
    const cells = row.map((cell, index) => (index === row.length - 1 ? cell : pad(cell, widths[index] ?? 0)))
    const line = cells.join('  ').trimEnd()
    return width > 0 ? fit(line, width) : line
  })
}

export interface Paint {
  green(text: string): string
  red(text: string): string
  dim(text: string): string
  bold(text: string): string
}

/** Colours, or none: see https://no-color.org. */
export function paint(on: boolean): Paint {
  const style = (open: number, close: number) => (text: string) =>
    on ? `\u001b[${open}m${text}\u001b[${close}m` : text
  return { green: style(32, 39), red: style(31, 39), dim: style(2, 22), bold: style(1, 22) }
}
