import { z } from 'zod'
import { ByteSize } from '@jackdaw/contract/nouns/options.ts'
import { ArchivePassword } from '#kernel/sevenzip.ts'
import { formats } from './rules.ts'

export const ArchiveOptions = z
  .object({
    format: z.enum(formats).default('zip').describe('kind of archive'),
    level: z
      .number()
      .int()
      .min(0)
      .max(9)
      .optional()
      .describe('0 stores, 9 packs hardest; when absent, 0 for media and archives and 5 for the rest'),
    volumeBytes: ByteSize.pipe(z.number().min(65_536, 'a volume has at least 64k'))
      .optional()
      .describe('most bytes of one file: more becomes name.zip.001, .002 …'),
    name: z.string().min(1).max(255).optional().describe('name of the archive; the title when absent'),
    title: z.string().optional().describe('title of the media; filled in by the house'),
    encrypt: z
      .boolean()
      .optional()
      .describe('with the password of the job (AES-256; 7z hides names too); when absent, if there is a password'),
    archivePassword: ArchivePassword.optional().describe('password; comes from the secrets of the job'),
    original: z.enum(['drop', 'keep']).default('drop').describe('whether the files themselves go on too'),
  })
  .superRefine(({ format, encrypt, archivePassword }, context) => {
    // As much as 7zz takes for a zip; other programs read no more either.
    if (format === 'zip' && encrypt !== false && !/^[ -~]{0,99}$/.test(archivePassword ?? '')) {
      const message = 'the password of a zip has at most 99 letters of ASCII; 7z takes any'
      context.addIssue({ code: 'custom', path: ['archivePassword'], message })
    }
    const isTar = format.startsWith('tar')
    if (encrypt === true && archivePassword === undefined && isTar) {
      context.addIssue({ code: 'custom', path: ['encrypt'], message: `${format} cannot be encrypted; zip and 7z can` })
    }
    if (encrypt !== false && archivePassword !== undefined && isTar) {
      const message = `${format} cannot be encrypted: take zip or 7z, or set encrypt to false`
      context.addIssue({ code: 'custom', path: ['encrypt'], message })
    }
  })
export type ArchiveOptions = z.output<typeof ArchiveOptions>
