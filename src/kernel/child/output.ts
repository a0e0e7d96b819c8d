import { PassThrough, type Readable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'

const mebibyte = 1024 * 1024

/** Passes stderr on and keeps its end; never lets the tool wait for a reader. */
export function tap(source: Readable): { readonly stream: Readable; tail(): string; readonly ended: Promise<void> } {
  const stream = new PassThrough({ highWaterMark: mebibyte })
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  let kept: Buffer = Buffer.alloc(0)
  source.on('data', (chunk: Buffer) => {
    // 64 KiB: a screen of the longest lines that tools write.
    kept = Buffer.concat([kept, chunk]).subarray(-65_536)
    if (stream.readableLength + stream.writableLength < mebibyte) stream.write(chunk)
  })
  source.once('close', () => {
    stream.end()
    resolve()
  })
  source.on('error', () => source.destroy())
  return { stream, tail: () => kept.toString('utf8'), ended }
}

/** The last lines as they may be shown: without secrets, control characters and progress that was overwritten. */
export function lastLines(text: string, secrets: readonly string[]): string {
  const masked = secrets
    .filter((secret) => secret !== '')
    .toSorted((a, b) => b.length - a.length)
    .reduce((text, secret) => text.replaceAll(secret, '***'), text)
  const lines = stripVTControlCharacters(masked)
    .split('\n')
    .map((line) => (line.trimEnd().split('\r').at(-1) ?? '').replace(/\p{Cc}/gu, ' ').trim())
    .filter((line) => line !== '')
  return lines.slice(-5).join(' | ').slice(-600) || 'it said nothing'
}

/** A stream as UTF-8 text; `tooMuch` is called, and the rest thrown away, when it is longer than `limit` bytes. */
export async function collect(source: Readable, limit: number, tooMuch: () => void): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of source as AsyncIterable<Buffer>) {
    if (bytes > limit) continue
    bytes += chunk.length
    if (bytes > limit) tooMuch()
    else chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
