import { open } from 'node:fs/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { create as contentDisposition } from 'content-disposition'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { GrantedFile, RestPorts } from './ports.ts'
import { sendFault } from './problems.ts'
import { choose } from './ranges.ts'
import { passwordOf } from './requests.ts'

/** Bytes per read: large enough for a fast disk, small enough for a thousand readers. */
const chunkBytes = 256 * 1024

/** Signed links and thumbnails. Names in addresses are decoration: nothing of an address becomes a path. */
export function mountFiles(app: FastifyInstance, { files }: Pick<RestPorts, 'files'>): void {
  const shared = { method: ['GET', 'HEAD'], exposeHeadRoute: false }
  const byLink = async (request: FastifyRequest, reply: FastifyReply) => {
    const { link, signature } = request.params as { link: string; signature: string }
    const password = passwordOf(request)
    try {
      const file = await files.byLink({ link, signature, ...(password === undefined ? {} : { password }) })
      return await sendFile(request, reply, file)
    } catch (thrown) {
      if (thrown instanceof Fault && thrown.status === 401) return sendFault(request, reply, thrown, 'Basic')
      throw thrown
    }
  }
  app.route({ ...shared, url: '/files/:link/:signature', handler: byLink })
  app.route({ ...shared, url: '/files/:link/:signature/*', handler: byLink })
  app.route({
    ...shared,
    url: '/files/thumbnail/:sha256/:signature',
    handler: async (request, reply) => {
      const { sha256, signature } = request.params as { sha256: string; signature: string }
      return await sendFile(request, reply, await files.thumbnail({ sha256, signature }), { inline: true })
    },
  })
}

async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  file: GrantedFile,
  how: { readonly inline?: boolean } = {},
): Promise<FastifyReply> {
  const handle = await open(file.path).catch((cause: unknown) => {
    throw new Fault(
      'house.absent',
      { reason: 'the bytes of this file are missing; see jackdaw library verify' },
      { cause },
    )
  })
  let sent = false
  try {
    const { size } = await handle.stat()
    const modified = new Date(Math.floor(file.at.getTime() / 1000) * 1000)
    const etag = `"${file.sha256}"`
    const answer = choose(request.method, request.headers, { size, etag, modified })
    const part = answer.kind === 'part' ? answer : { start: 0, end: size - 1 }
    const sends = request.method === 'GET' && (answer.kind === 'whole' || answer.kind === 'part')
    await file.take(!sends ? 'look' : part.start === 0 ? 'begin' : 'continue')
    const inline = how.inline === true || (request.query as Record<string, unknown>)['inline'] === '1'
    reply
      .header('accept-ranges', 'bytes')
      .header('etag', etag)
      .header('last-modified', modified.toUTCString())
      .header('cache-control', 'private, no-cache')
      // What people put into a library must not run as a page of this address.
      .header(
        'content-security-policy',
        "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'",
      )
      .header('cross-origin-resource-policy', 'cross-origin')
    if (answer.kind === 'unmodified') return await reply.status(304).send()
    if (answer.kind === 'failed') return await reply.status(412).send()
    if (answer.kind === 'unsatisfiable')
      return await reply.status(416).header('content-range', `bytes */${size}`).send()
    reply
      .status(answer.kind === 'part' ? 206 : 200)
      .header('content-type', mediaType(file.type))
      .header('content-disposition', contentDisposition(file.name, { type: inline ? 'inline' : 'attachment' }))
      .header('content-length', String(part.end - part.start + 1))
    if (answer.kind === 'part') reply.header('content-range', `bytes ${part.start}-${part.end}/${size}`)
    if (request.method === 'HEAD' || size === 0) return await reply.send()
    sent = true
    return await reply.send(handle.createReadStream({ ...part, highWaterMark: chunkBytes }))
  } finally {
    // The stream closes it otherwise.
    if (!sent) await handle.close()
  }
}

/** A type from outside, unless it could end the header. */
function mediaType(type: string): string {
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(type)) return 'application/octet-stream'
  return type.startsWith('text/') ? `${type}; charset=utf-8` : type
}
