import { z } from 'zod'

/** What somebody pasted, cleaned. `text` never holds credentials: those travel apart, sealed. */
export const Link = z.object({
  kind: z.enum(['url', 'magnet', 'asset', 'remote']),
  text: z.string().min(1).max(8192),
})
export type Link = z.infer<typeof Link>
