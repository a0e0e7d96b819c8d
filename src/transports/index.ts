import type { Transport } from '#pipeline/engine.ts'
import { createFtpTransport } from './ftp/transport.ts'
import { createHttpTransport } from './http/transport.ts'
import { createYtdlpTransport } from './ytdlp/transport.ts'
import { text } from './text/transport.ts'
import { createDashTransport } from './segments/dash.ts'
import { createHlsTransport } from './segments/hls.ts'

/** Everything that moves bytes. A new one is a folder and a line here. */
export const transports = (how: { readonly stallMs: number }): readonly Transport[] => [
  createHttpTransport(how),
  createFtpTransport(how),
  text,
  createHlsTransport(how),
  createDashTransport(how),
  createYtdlpTransport(),
]
