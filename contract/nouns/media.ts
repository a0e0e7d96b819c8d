import { z } from 'zod'

/** What proves that bytes at a link are still the same: HTTP validators (RFC 9110, section 8.8) and the length. */
export const Validators = z.object({
  etag: z.string().optional(),
  lastModified: z.string().optional(),
  bytes: z.number().int().nonnegative().optional(),
})
export type Validators = z.infer<typeof Validators>

/** One thing to fetch, by one transport. `request` is what that transport needs to know; others do not read it. */
export const Part = z.object({
  transport: z.string(),
  name: z.string(),
  type: z.string().optional(),
  bytes: z.number().int().nonnegative().optional(),
  site: z.string(),
  request: z.record(z.string(), z.json()),
})
export type Part = z.infer<typeof Part>

/** A source's answer: the parts to fetch, or `entries` (more links) if it is a list. */
export const Media = z.object({
  title: z.string(),
  source: z.string(),
  validators: Validators.optional(),
  parts: z.array(Part),
  entries: z.array(z.object({ link: z.string(), title: z.string().optional() })).optional(),
})
export type Media = z.infer<typeof Media>
