import { cases as links } from '#kernel/links/cases.ts'
import { mediaSites } from '#kernel/links/media-sites.ts'
import { universalTracking } from '#kernel/links/sites.ts'
import { cases as dash } from '#sources/dash/cases.ts'
import { cases as direct } from '#sources/direct/cases.ts'
import { cases as hls } from '#sources/hls/cases.ts'
import { cases as ytdlp } from '#sources/ytdlp/cases.ts'
import { code, page, table } from './markdown.ts'

interface Cases {
  readonly takes: readonly { readonly link: string; readonly why: string }[]
  readonly refuses: readonly { readonly link: string; readonly why: string }[]
  readonly leaves?: readonly { readonly link: string; readonly why: string }[]
}

/** In the order in which they are asked for a link that several take. */
const engines: readonly (readonly [name: string, cases: Cases])[] = [
  ['ytdlp', ytdlp],
  ['hls', hls],
  ['dash', dash],
  ['direct', direct],
]

/** Which engine takes which link, what a site shows only to people who are signed in, and how links are cleaned. */
export function sitesPage(): string {
  return page(
    'Sites and links',
    'Every row of these tables is an example that the tests run: which engine takes a link, and what a link is cleaned to. ' +
      'That a site answers is not tested here: see [Sites](../guide/sites.md).',
    '## Media sites',
    table(
      ['site', 'hosts', 'cookies are needed for', 'what `engines --test` asks for'],
      mediaSites.map(({ name, hosts, cookies, sample }) => [name, hosts.map(code).join(', '), cookies, code(sample)]),
    ),
    ...engines.flatMap(([name, cases]) => [`## ${name}`, casesTable(cases)]),
    '## Cleaned links',
    'Dropped from links of every site: ' +
      universalTracking
        .map((one) => code(typeof one === 'string' ? one : one.source.replace('[a-z_]+', '*').replace(/[\^$]/g, '')))
        .join(', ') +
      '. Beyond that only links of the sites in this table are changed.',
    table(
      ['link', 'is cleaned to', 'begins at'],
      links.map(({ link, clean, at }) => [
        code(link),
        link === clean ? 'itself' : code(clean),
        at === undefined ? '' : `${at} s`,
      ]),
    ),
  )
}

function casesTable({ takes, refuses, leaves = [] }: Cases): string {
  const rows = (answer: string, cases: Cases['takes']) => cases.map(({ link, why }) => [answer, code(link), why])
  return table(['', 'link', 'why'], [...rows('takes', takes), ...rows('refuses', refuses), ...rows('leaves', leaves)])
}
