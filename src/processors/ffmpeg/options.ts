import { z } from 'zod'
import { bind } from './bind.ts'
import { judge } from './judge.ts'
import { muxers, type Extension } from './tables.ts'
import { Name, Variable } from './variable.ts'
import { words } from './words.ts'

// The keys of a constant are its names.
const extensions = Object.keys(muxers) as [Extension, ...Extension[]]

export const FfmpegOptions = z
  .object({
    args: z
      .preprocess(
        (args, context) => {
          if (typeof args !== 'string') return args
          try {
            return words(args)
          } catch (thrown) {
            context.addIssue({ code: 'custom', message: thrown instanceof Error ? thrown.message : String(thrown) })
            return z.NEVER
          }
        },
        z.array(z.string().max(4000)).min(1).max(200),
      )
      .describe('arguments of ffmpeg, as a list or as one line: -i {input} -c:v libx264 -crf {crf} {output}'),
    extension: z.enum(extensions).describe('extension of what comes out; says the container too'),
    original: z.enum(['drop', 'keep']).default('drop').describe('whether the file itself goes on too'),
    vars: z
      .record(Name, Variable)
      .default({})
      .describe('own variables: {"crf": {"type": "number", "default": 23, "min": 0, "max": 51}}; or text, or choice'),
    values: z
      .record(Name, z.union([z.number(), z.string().max(500)]))
      .default({})
      .describe('values of own variables, where not their defaults'),
    title: z.string().max(1000).optional().describe('title of the media, for {title}; filled in by the house'),
  })
  .superRefine(({ args, vars, values, title }, context) => {
    try {
      judge(bind(args, { vars, values, title: title ?? '', stem: 'file' }))
    } catch (thrown) {
      if (!(thrown instanceof Error)) throw thrown
      context.addIssue({ code: 'custom', path: ['args'], message: thrown.message })
    }
  })
export type FfmpegOptions = z.output<typeof FfmpegOptions>
