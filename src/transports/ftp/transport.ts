import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { z } from 'zod'
import { Landing, Positions } from '#kernel/landing/landing.ts'
import type { Transport } from '#pipeline/engine.ts'

const Request = z.object({ url: z.url({ protocol: /^ftps?$/ }) })
const Options = JobOptions.extend(JobSecrets.shape)
type Options = z.infer<typeof Options>

/** Files over FTP (RFC 959), passive, one connection, resumed by REST; `ftps:` asks for explicit TLS (RFC 4217). */
export function createFtpTransport(tuned: { stallMs?: number } = {}): Transport<Options, Positions> {
  const stallMs = tuned.stallMs ?? 30_000
  return {
    name: 'ftp',
    title: 'Files over FTP',
    tools: [],
    options: Options,
    checkpoint: Positions,

    async fetch(part, options, run) {
      // Loaded by the first FTP link: most houses never see one.
      const { fetchAll } = await import('./fetch.ts')
      const url = new URL(Request.parse(part.request).url)
      await using landing = await Landing.open(run)
      try {
        const bytes = await fetchAll(url, options, run, landing, stallMs)
        const sha256 = await landing.finish(bytes)
        const type = part.type === undefined ? {} : { type: part.type }
        return [await run.keep(landing.path, { name: part.name, ...type, ...(sha256 === undefined ? {} : { sha256 }) })]
      } catch (error) {
        await landing.park()
        throw error
      }
    },
  }
}
