import { Fault } from '@jackdaw/contract/faults.ts'
import type { Link } from '@jackdaw/contract/nouns/link.ts'
import type { Media, Validators } from '@jackdaw/contract/nouns/media.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { z } from 'zod'
import { parseContentRange, parseLength, statusFault } from '#kernel/http/answers.ts'
import { drop, follow, type Answer } from '#kernel/http/follow.ts'
import { networkFault } from '#kernel/http/network-fault.ts'
import { Visitor } from '#kernel/http/visitor.ts'
import type { Run, Source } from '#pipeline/engine.ts'
import { named, nameFrom, nameOfUrl } from './name.ts'

const Options = JobOptions.extend(JobSecrets.shape)
type Options = z.infer<typeof Options>

/** A site that takes longer for the first line of an answer is taken for dead; browsers and curl wait about as long. */
const patienceMs = 30_000

/**
 * A link that is itself the file: http, https and ftp. The last resort among the sources, so its claims are weak. What
 * turns out to be a page or a stream's playlist is declined with its type, unless the page itself is wanted.
 */
export const direct: Source<Options> = {
  name: 'direct',
  title: 'Files behind a link: HTTP, HTTPS and FTP',
  tools: [],
  options: Options,
  checkpoint: z.unknown(),

  claims(link: Link): number {
    if (link.kind !== 'url') return 0
    const url = URL.parse(link.text)
    if (url === null || !['http:', 'https:', 'ftp:', 'ftps:'].includes(url.protocol) || !url.hostname) return 0
    if (url.protocol.startsWith('ftp')) return 0.5
    return /\.(?!html?$|php\d?$|aspx?$|jsp$|cgi$)[a-z][a-z0-9]{0,4}$/i.test(url.pathname) ? 0.3 : 0.1
  },

  async resolve(link, options, run): Promise<Media> {
    const url = URL.parse(link.text)
    if (url === null || this.claims(link) === 0) throw new Fault('source.declined')
    return url.protocol.startsWith('ftp') ? resolveFtp(url, options) : await resolveHttp(url, options, run)
  },
}

function resolveFtp(url: URL, options: Options): Media {
  if (url.pathname.endsWith('/')) throw new Fault('source.declined', { reason: 'it is a folder' })
  const name = named(options.name, nameOfUrl(url))
  const part = { transport: 'ftp', name, site: url.hostname, request: { url: url.href } }
  return { title: name, source: 'direct', parts: [part] }
}

async function resolveHttp(url: URL, options: Options, run: Run<unknown>): Promise<Media> {
  const answer = await probe(url, options, run)
  const { response } = answer
  const bytes = bytesOf(response)
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() || undefined
  const isFile = /^attachment\b/i.test(response.headers.get('content-disposition')?.trim() ?? '')
  if (type !== undefined && leadsElsewhere.has(type) && !isFile && !options.page)
    throw new Fault('source.declined', { type })
  if (bytes !== undefined && options.maxBytes !== undefined && bytes > options.maxBytes) {
    throw new Fault('quota.file-size', { bytes, limit: options.maxBytes })
  }
  const name = named(options.name, nameFrom(response.headers.get('content-disposition'), answer.url, url, type))
  const validators = validatorsOf(response, bytes)
  return {
    title: name,
    source: 'direct',
    validators,
    parts: [
      {
        transport: 'http',
        name,
        ...(type === undefined ? {} : { type }),
        ...(bytes === undefined ? {} : { bytes }),
        site: answer.url.hostname,
        request: {
          url: url.href,
          final: answer.url.href,
          ranges: response.status === 206 && bytes !== undefined,
          validators,
        },
      },
    ],
  }
}

/** Types of what is not meant for its own sake: pages, lists of links, and lists of the pieces of a stream. Others are asked about them. */
const leadsElsewhere: ReadonlySet<string> = new Set([
  'application/atom+xml',
  'application/rss+xml',
  'text/html',
  'application/xhtml+xml',
  'application/vnd.apple.mpegurl',
  'application/x-mpegurl',
  'application/mpegurl',
  'audio/mpegurl',
  'audio/x-mpegurl',
  'video/mpegurl',
  'application/xspf+xml',
  'application/dash+xml',
  'video/vnd.mpeg.dash.mpd',
])

/** One byte is asked for: HEAD is forbidden or wrong on many sites, and a range tells whether ranges work. */
async function probe(url: URL, options: Options, run: Run<unknown>): Promise<Answer> {
  const visitor = new Visitor(url, options)
  const deadline = AbortSignal.timeout(patienceMs)
  const signal = AbortSignal.any([run.signal, deadline])
  try {
    let answer = await follow(run.http, url, visitor, { headers: { range: 'bytes=0-0' }, signal })
    await drop(answer.response)
    // 416 is right for an empty file; 400, 405 and 501 come from servers that stumble over a range.
    if ([400, 405, 416, 501].includes(answer.response.status) && bytesOf(answer.response) !== 0) {
      answer = await follow(run.http, url, visitor, { signal })
      await drop(answer.response)
    }
    const { status, headers } = answer.response
    const empty = status === 416
    const fault = empty ? undefined : statusFault(status, headers.get('retry-after'), Date.now())
    if (fault) throw fault
    return answer
  } catch (error) {
    run.signal.throwIfAborted()
    if (deadline.aborted) throw new Fault('source.stalled', { seconds: patienceMs / 1000 }, { cause: error })
    throw networkFault(error)
  }
}

/** Length of the whole file, if the answer says it and no encoding hides it. */
function bytesOf(response: Response): number | undefined {
  const { headers, status } = response
  if (!['', 'identity'].includes(headers.get('content-encoding')?.trim().toLowerCase() ?? '')) return undefined
  if (status === 206) return parseContentRange(headers.get('content-range'))?.total
  if (status === 416) return headers.get('content-range')?.trim() === 'bytes */0' ? 0 : undefined
  return headers.has('transfer-encoding') ? undefined : parseLength(headers.get('content-length'))
}

function validatorsOf(response: Response, bytes: number | undefined): Validators {
  const etag = response.headers.get('etag')?.trim()
  const lastModified = response.headers.get('last-modified')?.trim()
  return {
    ...(etag ? { etag } : {}),
    ...(lastModified ? { lastModified } : {}),
    ...(bytes === undefined ? {} : { bytes }),
  }
}
