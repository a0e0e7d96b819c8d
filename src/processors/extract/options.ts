import { z } from 'zod'
import { ByteSize } from '@jackdaw/contract/nouns/options.ts'
import { ArchivePassword } from '#kernel/sevenzip.ts'

const gibibyte = 1024 ** 3

export const ExtractOptions = z.object({
  archivePassword: ArchivePassword.optional().describe('password; comes from the secrets of the job'),
  original: z.enum(['drop', 'keep']).default('drop').describe('whether the archive itself goes on too'),
  nested: z.boolean().default(false).describe('also what is an archive inside, three deep'),
  entries: z.number().int().min(1).max(100_000).default(10_000).describe('refuse more files and folders than this'),
  // Eight discs of 12 GiB are still one thing that somebody wants.
  totalBytes: ByteSize.pipe(z.number().min(1))
    .default(100 * gibibyte)
    .describe('refuse more unpacked bytes than this'),
  maxBytes: ByteSize.optional().describe('refuse files in it that are larger than this'),
  ratio: z
    .number()
    .min(1)
    .max(100_000)
    .default(250)
    .describe('refuse what unpacks to so many times its size, and more than 100 MiB'),
})
export type ExtractOptions = z.output<typeof ExtractOptions>
