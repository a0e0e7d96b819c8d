import { z } from 'zod'
import { Moment } from '@jackdaw/contract/nouns/options.ts'

/** Cut where it is too long: these texts come from sites, and none is worth failing for. */
const text = (most: number, says: string) =>
  z
    .string()
    .transform((text) => text.slice(0, most))
    .optional()
    .describe(says)

export const MetadataOptions = z.object({
  title: text(500, 'title; as it is when absent, like the others'),
  artist: text(500, 'who made it'),
  album: text(500, 'album or series'),
  date: text(40, 'when it came out: year, or year, month and day as 2026-11-20; anything else is left out'),
  genre: text(200, 'genre'),
  comment: text(10_000, 'comment'),
  description: text(20_000, 'description'),
  track: z.number().int().min(1).max(9999).optional().describe('number in its album'),
  chapters: z
    .array(z.object({ title: z.string().transform((text) => text.slice(0, 500)), from: Moment, to: Moment.optional() }))
    .max(1000)
    .optional()
    .describe('chapters in order, as { title, from, to }; without "to" until the next'),
  cover: z.boolean().default(true).describe('put the cover that came with it into the file'),
  strip: z.boolean().default(false).describe('remove all that is written in the file about it: tags, chapters, cover'),
})
export type MetadataOptions = z.infer<typeof MetadataOptions>
