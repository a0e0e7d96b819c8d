import { Fault } from '@jackdaw/contract/faults.ts'
import { JobOptions, JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import { z } from 'zod'

const WebAddress = z.url({ protocol: /^https?$/ })

/** What the HLS transport needs to know of a part: `Part.request`. */
export const Request = z.object({
  /** The one playlist, or the one of the picture. */
  url: WebAddress,
  /** `muxed` when absent. */
  kind: z.enum(['muxed', 'video', 'audio', 'subtitle']).optional(),
  language: z.string().optional(),
  /** Further playlists: sound that is beside the picture. */
  also: z
    .array(z.object({ url: WebAddress, kind: z.enum(['audio']), language: z.string().optional() }))
    .max(20)
    .optional(),
  /** Variables that the playlists may import (EXT-X-DEFINE). */
  definitions: z.record(z.string(), z.string()).optional(),
  /** Sent with every request; what opens doors (cookies, authorization) to the site of `home` only. */
  headers: z.record(z.string(), z.string()).optional(),
  /** What was asked for: the site that headers, password and cookies of the job are for. `url` when absent. */
  home: WebAddress.optional(),
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
