import { z } from 'zod'
import { presetNames, presets, speeds } from './presets.ts'

export const ConvertOptions = z.object({
  preset: z
    .enum(presetNames)
    .default('mp4')
    .describe(presetNames.map((name) => `${name}: ${presets[name].title}`).join('; ')),
  height: z.number().int().min(2).max(8640).optional().describe('most lines of the picture; never made larger'),
  crf: z
    .number()
    .int()
    .min(0)
    .max(63)
    .optional()
    .describe('constant rate factor: lower is better and larger; encodes even what would fit'),
  bitrate: z.number().int().min(8).max(1024).optional().describe('of the sound, thousands of bits per second'),
  speed: z.enum(speeds).default('fast').describe('how long the encoder may think: slower is smaller'),
  pictureQuality: z.number().int().min(0).max(100).default(85).describe('of jpg and webp, 0 to 100'),
})
export type ConvertOptions = z.infer<typeof ConvertOptions>
