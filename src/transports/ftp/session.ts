import { connect as connectTls } from 'node:tls'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import type { Client, FTPResponse } from 'basic-ftp'
import type { Positions } from '#kernel/landing/landing.ts'
import type { Run } from '#pipeline/engine.ts'

/**
 * Signs in over sockets that `run.connect` has opened. The data connection goes to the host of the control connection
 * whatever address the server names (a bounce into a private network otherwise), by EPSV, else PASV.
 */
export async function openSession(client: Client, url: URL, secrets: JobSecrets, run: Run<Positions>): Promise<void> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port || 21)
  client.ftp.socket = await run.connect({ host, port })
  await client.ftp.handle(undefined, (answer, task) => {
    if (answer instanceof Error) task.reject(answer)
    else if (answer.code >= 200 && answer.code < 300) task.resolve(answer)
    else task.reject(new Fault('source.broken', { reason: `FTP ${answer.code}` }))
  })
  const secure = url.protocol === 'ftps:'
  if (secure) await client.useTLS({ servername: host, host })
  await client.login(
    line(secrets.user ?? decode(url.username)) || 'anonymous',
    line(secrets.password ?? decode(url.password)) || 'guest',
  )
  await client.useDefaultSettings()
  let extended = true
  client.prepareTransfer = async (ftp): Promise<FTPResponse> => {
    let answer: FTPResponse | undefined
    if (extended) answer = await ftp.request('EPSV').catch(() => undefined) // unknown to old servers: PASV then
    extended = answer !== undefined
    answer ??= await ftp.request('PASV')
    const socket = await run.connect({ host, port: portOf(answer.message) })
    const session = client.ftp.socket
    ftp.dataSocket =
      secure && 'getSession' in session
        ? connectTls({ ...ftp.tlsOptions, socket, session: session.getSession() })
        : socket
    return answer
  }
}

/** The port of a passive answer; the address in it is not believed. */
export function portOf(message: string): number {
  const extended = /\(([!-~])\1\1(\d{1,5})\1\)/.exec(message)?.[2]
  const pair = /(?<![-\d])\d{1,3},\d{1,3},\d{1,3},\d{1,3},(\d{1,3}),(\d{1,3})/.exec(message)
  const port = extended === undefined ? Number(pair?.[1]) * 256 + Number(pair?.[2]) : Number(extended)
  if (!(port > 0 && port < 65_536)) throw new Fault('source.broken', { reason: 'it names no port for the data' })
  return port
}

/** The path of the link, decoded; a line break in it would be a second command. */
export function pathOf(url: URL): string {
  return line(decode(url.pathname.replace(/;type=[aid]$/i, '')))
}

function line(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new Fault('link.invalid', { reason: 'a line break in it' })
  return text
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a percent sign that is meant as one
  }
}
