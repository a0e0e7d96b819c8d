import { createServer, type Server } from 'node:net'

/** A server that speaks just enough of PostgreSQL's protocol to say its version. Port 0 finds a free one. */
export function oldPostgres(versionNumber: number): Server {
  return createServer((socket) => {
    socket.on('error', () => undefined)
    let started = false
    socket.on('data', (bytes: Buffer) => {
      if (!started) {
        started = true
        socket.write(Buffer.concat([message('R', int32(0)), ready]))
      } else if (bytes[0] === 'Q'.charCodeAt(0)) {
        const asked = bytes.includes('server_version_num')
        socket.write(asked ? answer(String(versionNumber)) : Buffer.concat([message('C', text('SET')), ready]))
      }
    })
  })
}

const int16 = (n: number) => Buffer.from([n >> 8, n & 255])
const int32 = (n: number) => Buffer.from([n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255])
const text = (s: string) => Buffer.from(`${s}\0`)
const message = (type: string, body: Buffer) => Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
const ready = message('Z', Buffer.from('I'))

/** One row with one column, an int4. */
function answer(value: string): Buffer {
  const int4 = [int32(0), int16(0), int32(23), int16(4), int32(-1), int16(0)]
  return Buffer.concat([
    message('T', Buffer.concat([int16(1), text('version'), ...int4])),
    message('D', Buffer.concat([int16(1), int32(value.length), Buffer.from(value)])),
    message('C', text('SELECT 1')),
    ready,
  ])
}
