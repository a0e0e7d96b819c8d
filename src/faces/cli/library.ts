import type { FileLink } from '@jackdaw/contract/operations/library.ts'
import { asking, passwordFrom, seconds, whole } from './asking.ts'
import { formatDuration } from '#kernel/bytes.ts'
import { plain, size, table } from './format.ts'
import type { CommonOptions, Host } from './host.ts'

type Json = CommonOptions & { readonly json?: boolean }

export async function listLibrary(
  words: readonly string[],
  options: Json & { type?: string; limit: string },
  host: Host,
): Promise<number> {
  const limit = whole(options.limit, '--limit', 1, 1000)
  return asking(options, host, async (client, say) => {
    const { items, next } = await client.library.list({
      limit,
      ...(words.length === 0 ? {} : { search: words.join(' ') }),
      ...(options.type === undefined ? {} : { type: options.type }),
    })
    if (options.json) return items.forEach((item) => say(JSON.stringify(item)))
    if (items.length === 0) return say('Nothing is kept. Keep something: jackdaw get LINK --to library')
    const rows = items.map((item) => [item.id, size(item.bytes), item.type, plain(item.title || item.name)])
    for (const line of table([['ID', 'SIZE', 'TYPE', 'TITLE'], ...rows], host.terminal.stdout.columns ?? 0)) say(line)
    if (next !== null) say(`… there are more: --limit ${Math.min(1000, limit * 2)}`)
  })
}

export async function showItem(id: string, options: Json, host: Host): Promise<number> {
  return asking(options, host, async (client, say) => {
    const item = await client.library.get({ id })
    if (options.json) return say(JSON.stringify(item))
    const facts = item.facts
    const rows = [
      ['asset', item.id],
      ['title', plain(item.title)],
      ['name', plain(item.name)],
      ['type', item.type],
      ['size', size(item.bytes)],
      ['sha256', item.sha256],
      ['length', facts?.durationSeconds === undefined ? '' : formatDuration(facts.durationSeconds)],
      ['picture', facts?.width && facts.height ? `${facts.width}×${facts.height}` : ''],
      ['streams', (facts?.streams ?? []).map((stream) => `${stream.kind} ${plain(stream.codec)}`).join(', ')],
      ['link', plain(item.link ?? '')],
      ['job', item.job ?? ''],
      ['created', item.createdAt],
    ].filter(([, value]) => value !== '')
    for (const line of table(rows, 0)) say(line)
  })
}

export async function removeItems(ids: readonly string[], options: Json, host: Host): Promise<number> {
  return asking(options, host, async (client, say) => {
    for (const id of ids) {
      const { freedBytes } = await client.library.remove({ id })
      say(`${id}  removed  ${size(freedBytes)} freed`)
    }
  })
}

export async function makeLink(
  id: string,
  options: Json & { expires: string; uses?: string; passwordFile?: string },
  host: Host,
): Promise<number> {
  const expiresInSeconds = seconds(options.expires, '--expires')
  const uses = options.uses === undefined ? {} : { maxUses: whole(options.uses, '--uses', 1, 1_000_000) }
  const password =
    options.passwordFile === undefined ? {} : { password: await passwordFrom(options.passwordFile, host) }
  return asking(options, host, async (client, say) => {
    const link = await client.library.link({ id, expiresInSeconds, ...uses, ...password })
    say(options.json ? JSON.stringify(link) : (link.url ?? link.id))
  })
}

export async function listLinks(id: string, options: Json, host: Host): Promise<number> {
  return asking(options, host, async (client, say) => {
    const links = await client.library.links({ id })
    if (options.json) return links.forEach((link) => say(JSON.stringify(link)))
    if (links.length === 0) return say(`No links. Make one: jackdaw library link ${id}`)
    for (const line of table(links.map(linkRow), 0)) say(line)
  })
}

export async function extendLink(id: string, options: Json & { expires: string }, host: Host): Promise<number> {
  const expiresInSeconds = seconds(options.expires, '--expires')
  return asking(options, host, async (client, say) => {
    say(linkRow(await client.library.extend({ link: id, expiresInSeconds })).join('  '))
  })
}

export async function revokeLink(id: string, options: Json, host: Host): Promise<number> {
  return asking(options, host, async (client, say) => {
    say(linkRow(await client.library.revoke({ link: id })).join('  '))
  })
}

/** Exit 70 when something is damaged or missing: a script must notice. */
export async function verifyLibrary(id: string | undefined, options: Json, host: Host): Promise<number> {
  let sound = true
  const exit = await asking(options, host, async (client, say) => {
    const found = await client.library.verify(id === undefined ? {} : { id })
    sound = found.damaged.length === 0 && found.missing.length === 0
    if (options.json) return say(JSON.stringify(found))
    for (const kind of ['damaged', 'missing', 'orphans'] as const) {
      for (const name of found[kind]) say(`${kind}  ${plain(name)}`)
    }
    say(`${found.checked} checked, ${found.damaged.length} damaged, ${found.missing.length} missing`)
  })
  return exit !== 0 || sound ? exit : 70
}

function linkRow(link: FileLink): string[] {
  const state = link.revokedAt === null ? 'open' : 'revoked'
  const uses = link.maxUses === null ? `${link.uses} uses` : `${link.uses} of ${link.maxUses} uses`
  return [
    link.id,
    state,
    uses,
    link.expiresAt === null ? 'for ever' : `until ${link.expiresAt}`,
    link.protected ? 'password' : '',
  ]
}
