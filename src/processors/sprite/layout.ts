/** How the pictures of a film lie in a strip. Seconds and pixels. */
export interface Layout {
  readonly seconds: number
  readonly everySeconds: number
  readonly count: number
  readonly columns: number
  readonly rows: number
  readonly width: number
  readonly height: number
}

/** JPEG ends at 65,535 lines, and browsers at less: more pictures are spread further apart. */
const mostPictures = 400
const columns = 10

export function layOut(film: {
  readonly seconds: number
  readonly everySeconds?: number | undefined
  readonly cellWidth: number
  readonly filmWidth: number
  readonly filmHeight: number
}): Layout {
  const { seconds, cellWidth, filmWidth, filmHeight } = film
  const wanted = film.everySeconds ?? Math.max(1, seconds / 100)
  const everySeconds = Math.round(Math.max(wanted, seconds / mostPictures) * 1000) / 1000
  const count = Math.max(1, Math.ceil(seconds / everySeconds - 0.01))
  const even = (side: number) => Math.max(2, Math.round(side / 2) * 2)
  const across = Math.min(columns, count)
  return {
    seconds,
    everySeconds,
    count,
    columns: across,
    rows: Math.ceil(count / across),
    width: even(cellWidth),
    // A film that is much taller than wide has narrow pictures instead of a strip without end.
    height: even(Math.min((cellWidth * filmHeight) / filmWidth, cellWidth * 2)),
  }
}

/** WebVTT with a media fragment (W3C Media Fragments, `xywh`) for each stretch of time. `picture` is a file's name. */
export function mapOf({ seconds, everySeconds, count, columns, width, height }: Layout, picture: string): string {
  const cues = Array.from({ length: count }, (_, index) => {
    const [from, to] = [index * everySeconds, Math.min((index + 1) * everySeconds, seconds)]
    const [x, y] = [(index % columns) * width, Math.floor(index / columns) * height]
    return `${stamp(from)} --> ${stamp(to)}\n${encodeURIComponent(picture)}#xywh=${x},${y},${width},${height}\n`
  })
  return `WEBVTT\n\n${cues.join('\n')}`
}

function stamp(seconds: number): string {
  const thousandths = Math.round(seconds * 1000)
  const part = (unit: number, of: number, digits = 2) =>
    String(Math.floor(thousandths / unit) % of).padStart(digits, '0')
  return `${part(3_600_000, 1000)}:${part(60_000, 60)}:${part(1000, 60)}.${part(1, 1000, 3)}`
}
