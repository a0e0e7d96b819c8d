import { setTimeout as sleep } from 'node:timers/promises'
import { Visitor } from '#kernel/http/visitor.ts'
import { Landing, Positions } from '#kernel/landing/landing.ts'
import { typeOfHead } from '#kernel/sniff.ts'
import type { Transport } from '#pipeline/engine.ts'
import type { Context } from './context.ts'
import { Options, parseRequest, type Request } from './request.ts'
import { Slots } from './slots.ts'
import { transfer } from './transfer.ts'
import { defaults, type Tuning } from './tuning.ts'

/** An advertisement takes seconds. */
const mostWaitMs = 60_000

/** Files over HTTP and HTTPS: resumed by validators, in parallel ranges where that is faster, hashed on the way. */
export function createHttpTransport(tuned: Partial<Tuning> = {}): Transport<Options, Positions> {
  const tuning = { ...defaults, ...tuned }
  const slots = new Slots()
  return {
    name: 'http',
    title: 'Files over HTTP and HTTPS',
    tools: [],
    options: Options,
    checkpoint: Positions,

    async fetch(part, options, run) {
      const request = parseRequest(part.request)
      await until(request.notBefore, run.signal)
      await using landing = await Landing.open(run, { digest: tuning.digest })
      const url = new URL(request.url)
      const context: Context = {
        run,
        landing,
        visitor: visitorOf(request, url, options),
        tuning,
        url,
        final: new URL(request.final ?? request.url),
        ranges: request.ranges ?? true,
        maxBytes: options.maxBytes,
        maxConnections: options.connections ?? tuning.connections,
        chunkBytes: request.chunkBytes ?? Infinity,
        slots,
      }
      try {
        const bytes = await transfer(context, request.validators?.bytes)
        const sha256 = await landing.finish(bytes)
        const seen = await sniff(await landing.read(0, 4100), part.name, part.type)
        run.report({ unit: 'bytes', done: bytes, of: bytes })
        return [await run.keep(landing.path, { ...seen, ...(sha256 === undefined ? {} : { sha256 }) })]
      } catch (error) {
        await landing.park()
        throw error
      }
    },
  }
}

/** Who we are for the link, with what the site's own player would send for this file: its cookies are this host's alone. */
function visitorOf({ home, headers = {} }: Request, url: URL, options: Options): Visitor {
  const { cookie = '', ...others } = headers
  const visitor = new Visitor(home === undefined ? url : new URL(home), options, others)
  for (const pair of cookie.split(';')) if (pair.includes('=')) visitor.remember(url, [`${pair.trim()}; Path=/`])
  return visitor
}

/** Some sites show an advertisement first. Waits for what is soon; what is later the site may refuse itself. */
async function until(notBefore: string | undefined, signal: AbortSignal): Promise<void> {
  const ms = notBefore === undefined ? 0 : Date.parse(notBefore) - Date.now()
  if (ms > 0) await sleep(Math.min(ms, mostWaitMs), undefined, { signal })
}

/** The type by the first bytes where they tell, else what the server said; a name without an extension gets the type's. */
async function sniff(
  head: Uint8Array,
  name: string,
  said: string | undefined,
): Promise<{ name: string; type: string }> {
  const seen = await typeOfHead(head)
  const vague =
    said === undefined || /^(application\/octet-stream|binary\/|text\/plain|application\/(x-)?download)/.test(said)
  const type = vague ? (seen?.mime ?? said ?? 'application/octet-stream') : said
  return { name: seen && !/\.[a-z0-9]{1,8}$/i.test(name) ? `${name}.${seen.ext}` : name, type }
}
