import { z } from 'zod'

/** A list that may also be given as one text with commas, as it is typed: `mkv,mp4`. */
export function listed<T extends z.ZodType>(list: z.ZodArray<T>) {
  const typed = z
    .string()
    .meta({ title: 'text with commas' })
    .transform((text) => text.split(',').map((word) => word.trim()))
    .pipe(list as unknown as z.ZodType<z.output<z.ZodArray<T>>, string[]>) // its elements begin as text
  return z.union([list, typed])
}
