import type { Transport } from '#pipeline/engine.ts'
import { createHttpTransport } from './http/transport.ts'

/** Everything that moves bytes. A new one is a folder and a line here. */
export const transports = (how: { stallMs: number }): readonly Transport[] => [
  createHttpTransport({ stallMs: how.stallMs }),
]
