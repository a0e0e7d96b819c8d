import { Fault } from '@jackdaw/contract/faults.ts'
import { Validators } from '@jackdaw/contract/nouns/media.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { z } from 'zod'

/** What the http transport needs to know of a part: `Part.request`. */
export const Request = z.object({
  /** What was asked for: always works, may redirect. */
  url: z.url({ protocol: /^https?$/ }),
  /** Where it led when it was resolved: saves the redirects, may have expired. */
  final: z.url({ protocol: /^https?$/ }).optional(),
  /** Whether a range was answered with one. */
  ranges: z.boolean().optional(),
  validators: Validators.optional(),
  /** The link that led here: headers and the password of a job are for its origin. `url` is that link when absent. */
  home: z.url({ protocol: /^https?$/ }).optional(),
  /** What a site's player sends, by lower-case names; `cookie` goes to the host of `url` only. Opens nobody's own door. */
  headers: z.record(z.string().regex(/^[a-z0-9-]{1,64}$/), z.string().regex(/^[\x20-\x7e]{0,4096}$/)).optional(),
  /** Most bytes of one request: some sites slow down whoever asks for more. */
  chunkBytes: z.number().int().min(65_536).optional(),
  /** ISO time before which the site refuses. */
  notBefore: z.string().optional(),
})
export type Request = z.infer<typeof Request>

export const Options = JobOptions.extend(JobSecrets.shape)
export type Options = z.infer<typeof Options>

/** Throws `house.bug`: a source made the part. */
export function parseRequest(request: unknown): Request {
  const parsed = Request.safeParse(request)
  if (!parsed.success) throw new Fault('house.bug', { incident: 'part' }, { cause: parsed.error })
  return parsed.data
}
