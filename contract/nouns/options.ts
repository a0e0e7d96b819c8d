import { z } from 'zod'

/** Bytes from `500`, `64k`, `10MB`, `1.5GiB` (k, M, G, T are powers of 1024, as people who type them expect). */
export const ByteSize = z.union([
  z.number().int().nonnegative(),
  z
    .string()
    .regex(/^\s*\d+(\.\d+)?\s*([kmgt]i?)?b?\s*$/i, 'expected a size such as 500k, 10MB or 1.5GiB')
    .transform(parseByteSize),
])

/** How one job is fetched. Everything under `secret` is sealed at rest and never shown again. */
export const JobOptions = z.object({
  name: z.string().min(1).max(255).optional().describe('name of the finished file'),
  connections: z
    .number()
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe('most connections to one site; adaptive when absent'),
  limit: ByteSize.optional().describe('bytes per second for this job'),
  maxBytes: ByteSize.optional().describe('refuse files larger than this'),
})
export type JobOptions = z.infer<typeof JobOptions>

/** What opens a door at the far side. Header names are those of RFC 9110; `cookies` is a Netscape cookie file's text. */
export const JobSecrets = z.object({
  headers: z.record(z.string().regex(/^[!#$%&'*+.^_`|~0-9a-z-]+$/i), z.string().max(8192)).optional(),
  user: z.string().max(255).optional(),
  password: z.string().max(1024).optional(),
  cookies: z.string().max(1_000_000).optional(),
})
export type JobSecrets = z.infer<typeof JobSecrets>

function parseByteSize(text: string): number {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt]?)/i.exec(text)
  const power = ' kmgt'.indexOf((match?.[2] || ' ').toLowerCase())
  return Math.round(Number(match?.[1] ?? 0) * 1024 ** power)
}
