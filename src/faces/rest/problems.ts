import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { asFault, Fault } from '@jackdaw/contract/faults.ts'
import { problemType, toProblem } from '@jackdaw/contract/problem.ts'
import { requestIdOf } from './requests.ts'

/** Answers with a fault. Whoever has to wait or to sign in is told how in the headers that clients know. */
export function sendFault(
  request: FastifyRequest,
  reply: FastifyReply,
  fault: Fault,
  challenge = 'Bearer',
): FastifyReply {
  if (fault.status === 401) reply.header('www-authenticate', `${challenge} realm="jackdaw"`)
  if (fault.retryAfterMs !== undefined) reply.header('retry-after', String(Math.ceil(fault.retryAfterMs / 1000)))
  return (
    reply
      .status(fault.status)
      // Errors of the framework come before the hook that sets these for everything else.
      .headers({ 'x-request-id': request.id, 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
      .header('content-type', problemType)
      // A string would get a charset, which this media type does not have.
      .send(Buffer.from(JSON.stringify(toProblem(fault, request.id))))
  )
}

/** The fault in what Fastify or a route threw. */
export function faultOf(error: FastifyError | Error, request: FastifyRequest): Fault {
  const code = 'code' in error ? error.code : undefined
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new Fault('input.too-large', { limit: request.routeOptions.bodyLimit }, { cause: error })
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new Fault('input.invalid', { reason: 'the body must be JSON (Content-Type: application/json)' })
  if (error instanceof SyntaxError || code === 'FST_ERR_CTP_INVALID_JSON_BODY')
    return new Fault('input.invalid', { reason: 'the body is not valid JSON' }, { cause: error })
  const status = 'statusCode' in error ? error.statusCode : undefined
  if (status !== undefined && status >= 400 && status < 500)
    return new Fault('input.invalid', { reason: 'the request is malformed' }, { cause: error })
  return asFault(error, { incident: request.id })
}

/** Answers to what is not even HTTP. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const status = error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  const reason = {
    400: 'the request is not HTTP',
    408: 'the request came too slowly',
    431: 'the headers are too large',
  }
  const body = JSON.stringify({
    ...toProblem(new Fault('input.invalid', { reason: reason[status] }), requestIdOf(undefined)),
    status,
  })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${problemType}\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
