import { Fault } from '@jackdaw/contract/faults.ts'
import { mediaSites } from '#kernel/links/media-sites.ts'
import { suggest } from '#kernel/suggest.ts'
import { asking } from './asking.ts'
import type { CommonOptions, Host } from './host.ts'
import { look } from './look.ts'

/**
 * Asks the real engines what is behind a link, or behind the sample of a site, and says what came: nothing is taken of it.
 * Exit code of the fault when that is what came.
 */
export async function testSite(what: string, options: CommonOptions & { json?: boolean }, host: Host): Promise<number> {
  const link = sampleOf(what)
  const { terminal } = host
  const json = options.json ?? false
  return await asking(
    options,
    host,
    async (client, say) => {
      if (!json) say(`${link} …`)
      await look(client, { link, destinations: [`folder:${terminal.cwd}`] }, say, { terminal, json, entries: 5 })
    },
    { work: true },
  )
}

/** The public page of a site by its name, or the link as it is. */
function sampleOf(what: string): string {
  if (/[/:.]/.test(what)) return what
  const site = mediaSites.find(({ name }) => name.toLowerCase() === what.trim().toLowerCase())
  if (site) return site.sample
  const near = suggest(
    what,
    mediaSites.map(({ name }) => name),
  )
  throw new Fault('input.unknown', { noun: 'site', id: near === undefined ? what : `${what} (did you mean ${near}?)` })
}
