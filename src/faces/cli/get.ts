import type { CommonOptions, Host } from './host.ts'
import type { ReportOptions } from './report-for.ts'
import { watching } from './watching.ts'
import { type WishOptions, wishesFor } from './wishes.ts'

export interface GetOptions extends CommonOptions, WishOptions, ReportOptions {
  readonly strict?: boolean
  /** Only put into the queue. */
  readonly wait: boolean
}

/** Fetches links and tells how it goes. Returns 0 when all are done, else the exit code of the first that is not. */
export async function get(links: readonly string[], options: GetOptions, host: Host): Promise<number> {
  const { wishes, batch } = await wishesFor(links, options, host.terminal)
  const single = wishes.length === 1 && batch === undefined ? wishes[0] : undefined
  return watching(options, host, options.wait, async (session, signal) => {
    const { client } = session
    const start = async () => {
      if (single !== undefined) return { jobs: [await client.jobs.start(single, { signal })] }
      const name = batch === undefined ? {} : { name: batch }
      return client.jobs.startMany({ ...name, lines: wishes, strict: options.strict ?? false }, { signal })
    }
    if (options.wait) return { count: wishes.length, start }
    const { jobs } = await start()
    for (const job of jobs) host.terminal.stdout.write(options.json ? `${JSON.stringify(job)}\n` : `${job.id}\n`)
    if (session.where === 'here' && !options.quiet) {
      host.terminal.stderr.write('jackdaw: nothing runs these jobs yet; "jackdaw serve" does\n')
    }
    return undefined
  })
}
