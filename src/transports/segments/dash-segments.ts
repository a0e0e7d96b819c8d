import { Fault } from '@jackdaw/contract/faults.ts'
import { parseContentRange } from '#kernel/http/answers.ts'
import { drop, follow } from '#kernel/http/follow.ts'
import { readAll, type Asking } from '#kernel/http/read.ts'
import type { Piece, Span } from '#kernel/manifest/dash-segments.ts'
import type { Representation } from '#kernel/manifest/dash-representation.ts'
import { mostIndexBytes, readSidx } from '#kernel/manifest/sidx.ts'
import type { Segment } from './track.ts'

/** Of a file that has no index: small enough for a second try, large enough to be few. */
const partBytes = 8 * 1024 * 1024

/**
 * The segments of a representation over all its periods. A file with an index is read by the parts that it lists, one
 * without in parts of 8 MiB.
 */
export async function segmentsOf(one: Representation, asking: Asking): Promise<Segment[]> {
  const all: Segment[] = []
  let before: { readonly span: Span; readonly init: string } | undefined
  for (const span of one.spans) {
    const segments = await ofSpan(span, one.protection !== undefined, asking)
    const init = JSON.stringify(segments[0]?.init)
    const goesOn = before === undefined || (before.init === init && clockOf(before.span) === clockOf(span))
    for (const [index, segment] of segments.entries()) {
      all.push(index > 0 || goesOn ? segment : { ...segment, discontinuity: true })
    }
    before = { span, init }
  }
  return all
}

/** Where the media's own clock stands when everything begins; periods that share it follow each other. */
function clockOf({ startSeconds, offsetSeconds }: Span): number {
  return Math.round((startSeconds - offsetSeconds) * 100)
}

async function ofSpan(span: Span, isProtected: boolean, asking: Asking): Promise<Segment[]> {
  const pieces = span.pieces()
  const [file] = pieces
  const isFile = pieces.length === 1 && file !== undefined && file.range === undefined && span.init === undefined
  if (span.index && file) {
    const segments = await indexed(span, span.index, file, asking)
    if (segments) return segments
  }
  // What is to be decrypted comes whole: its parts would not be its fragments.
  if ((isFile || (span.index && file)) && !isProtected) return (await inParts(file, asking)) ?? [bare(file)]
  if (span.index && file) return [bare(file)]
  const init = span.init && { url: span.init.url, ...(span.init.range && { range: span.init.range }) }
  return pieces.map((piece) => ({
    url: piece.url,
    ...(piece.range && { range: piece.range }),
    seconds: piece.seconds,
    ...(init && { init }),
  }))
}

function bare({ url, seconds }: Piece): Segment {
  return { url, seconds }
}

async function indexed(
  span: Span,
  index: NonNullable<Span['index']>,
  file: Piece,
  asking: Asking,
): Promise<Segment[] | undefined> {
  if (index.bytes > mostIndexBytes) throw new Fault('source.malformed', { reason: 'the index of a file is too large' })
  const { bytes } = await readAll(asking, file.url, index, mostIndexBytes)
  const parts = readSidx(bytes, index.from)
  if (parts === undefined) return undefined
  const before = index.from > 0 ? { url: file.url, range: { from: 0, bytes: index.from } } : undefined
  const init = span.init ? { url: span.init.url, ...(span.init.range && { range: span.init.range }) } : before
  return parts.map(({ range, seconds }) => ({ url: file.url, range, seconds, ...(init && { init }) }))
}

/** Undefined when the server tells no length or knows no ranges. */
async function inParts(file: Piece, { http, visitor, signal }: Asking): Promise<Segment[] | undefined> {
  const { response } = await follow(http, new URL(file.url), visitor, { headers: { range: 'bytes=0-0' }, signal })
  const total = response.status === 206 ? parseContentRange(response.headers.get('content-range'))?.total : undefined
  await drop(response)
  if (total === undefined || total === 0) return undefined
  return Array.from({ length: Math.ceil(total / partBytes) }, (_, at) => {
    const from = at * partBytes
    const bytes = Math.min(partBytes, total - from)
    return { url: file.url, range: { from, bytes }, seconds: (file.seconds * bytes) / total }
  })
}
