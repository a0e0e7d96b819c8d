import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { JobSecrets } from '@jackdaw/contract/nouns/options.ts'

/**
 * Writes what nobody else on this machine may read into files of `folder` and returns the arguments that name them: the
 * link (which may be a key itself), cookies, user and password. Throws `input.invalid` for a header that yt-dlp would send
 * to every site that a page leads to.
 */
export async function secretArguments(folder: string, link: string, secrets: JobSecrets): Promise<string[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const write = async (name: string, text: string) => {
    const path = join(folder, name)
    await writeFile(path, text, { mode: 0o600 })
    return path
  }
  const lines = optionsOf(secrets)
  const cookies = cookieFile(link, secrets)
  // yt-dlp writes the cookies that it was given back to the file when it ends; it goes with the step.
  if (cookies !== undefined) lines.push(['--cookies', await write('cookies.txt', cookies)])
  const config = lines.map(([option, value]) => `${option} ${quoted(value)}\n`).join('')
  return [
    ...(config === '' ? [] : ['--config-locations', await write('yt-dlp.conf', config)]),
    '--batch-file',
    await write('link.txt', `${link}\n`),
  ]
}

/** Headers that say nothing of who somebody is. */
const harmless: ReadonlySet<string> = new Set(['user-agent', 'referer', 'origin', 'accept-language'])

function optionsOf({ user, password, headers = {} }: JobSecrets): [option: string, value: string][] {
  const options: [string, string][] = []
  if (user !== undefined) options.push(['--username', user], ['--password', password ?? ''])
  else if (password !== undefined) options.push(['--video-password', password])
  for (const [name, value] of Object.entries(headers)) {
    if (name.toLowerCase() === 'cookie') continue
    if (!harmless.has(name.toLowerCase())) {
      const reason = `yt-dlp would send the header ${name.toLowerCase()} to every site that this page leads to; cookies keep to theirs: --cookies FILE`
      throw new Fault('input.invalid', { reason })
    }
    options.push(['--add-headers', `${name}:${value}`])
  }
  for (const [option, value] of options) {
    if (/\p{Cc}/u.test(value)) throw new Fault('input.invalid', { reason: `${option} holds a control character` })
  }
  return options
}

/** A Netscape cookie file of those lines that are cookies, and of a Cookie header, which is for the link's host alone. */
function cookieFile(link: string, { cookies = '', headers = {} }: JobSecrets): string | undefined {
  const lines = cookies
    .split(/\r?\n/)
    .filter((line) => (!line.startsWith('#') || line.startsWith('#HttpOnly_')) && line.split('\t').length === 7)
  const host = new URL(link).hostname
  const header = Object.entries(headers).find(([name]) => name.toLowerCase() === 'cookie')?.[1] ?? ''
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 1 || /[\t\r\n]/.test(pair.trim())) continue
    const [name, value] = [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()]
    lines.push([host, 'FALSE', '/', 'FALSE', '2147483647', name, value].join('\t'))
  }
  // Without its first line Python's reader refuses the file.
  return lines.length === 0 ? undefined : `# Netscape HTTP Cookie File\n${lines.join('\n')}\n`
}

/** As a POSIX shell's words, which is how the file is read; nothing is expanded in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`
}
