import { z } from 'zod'
import { Role } from './media.ts'

/** What ffprobe says of a file, in our words. Seconds, pixels, bits per second. */
export const MediaFacts = z.object({
  container: z.string().optional(),
  durationSeconds: z.number().nonnegative().optional(),
  bitrate: z.number().nonnegative().optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  streams: z
    .array(
      z.object({
        kind: z.enum(['video', 'audio', 'subtitle', 'data', 'attachment']),
        codec: z.string(),
        language: z.string().optional(),
        width: z.number().int().optional(),
        height: z.number().int().optional(),
        framesPerSecond: z.number().optional(),
        channels: z.number().int().optional(),
        sampleRate: z.number().int().optional(),
      }),
    )
    .optional(),
  tags: z.record(z.string(), z.string()).optional(),
})
export type MediaFacts = z.infer<typeof MediaFacts>

/** A finished file: immutable, addressed by its SHA-256 (hex). `scratch` goes when its job ends, `kept` stays. */
export const Asset = z.object({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  state: z.enum(['scratch', 'kept', 'removed']),
  /** What it is beside the media itself; absent for the media. */
  role: Role.optional(),
  facts: MediaFacts.optional(),
  createdAt: z.string(),
})
export type Asset = z.infer<typeof Asset>

/** Proof of one delivery: makes a second try safe. `place` is a path, key, message id or URL. */
export const Receipt = z.object({
  asset: z.string(),
  destination: z.string(),
  place: z.string(),
  sha256: z.string(),
  bytes: z.number().int().nonnegative(),
  at: z.string(),
})
export type Receipt = z.infer<typeof Receipt>
