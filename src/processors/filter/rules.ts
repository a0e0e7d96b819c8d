import { z } from 'zod'
import type { Asset } from '@jackdaw/contract/nouns/asset.ts'
import { ByteSize } from '@jackdaw/contract/nouns/options.ts'
import { splitName } from '#kernel/names.ts'
import { compileGlob } from '#kernel/pattern.ts'
import { listed } from '#kernel/words.ts'

const Extensions = listed(
  z
    .array(
      z
        .string()
        .regex(/^\.?[a-z0-9]{1,10}(\.[a-z0-9]{1,5})?$/i, 'expected an extension such as mp4')
        .transform((text) => text.replace(/^\./, '').toLowerCase()),
    )
    .max(100),
)

/** `video`, `video/*` or `video/mp4`. */
const Types = listed(
  z.array(z.string().regex(/^[a-z]+(\/(\*|[a-z0-9.+-]+))?$/i, 'expected a type such as video or image/png')).max(100),
)

const Globs = listed(z.array(z.string().min(1).max(200)).max(100))

export const FilterOptions = z.object({
  keep: Extensions.optional().describe('only files with these extensions'),
  drop: Extensions.default([]).describe('not files with these extensions'),
  keepTypes: Types.optional().describe('only these media types: video, image/*, audio/mpeg'),
  dropTypes: Types.default([]).describe('not these media types'),
  keepNames: Globs.optional().describe('only files whose names fit one of these, with * and ?'),
  dropNames: Globs.default([]).describe('not files whose names fit one of these, with * and ?'),
  largerThan: ByteSize.optional().describe('only files with more bytes'),
  smallerThan: ByteSize.optional().describe('only files with fewer bytes'),
})
export type FilterOptions = z.output<typeof FilterOptions>

/** Whether the asset stays: everything that is asked for holds, and nothing that is refused does. Pure. */
export function passes(options: FilterOptions): (asset: Pick<Asset, 'name' | 'type' | 'bytes'>) => boolean {
  const keepNames = options.keepNames?.map((glob) => compileGlob(glob))
  const dropNames = options.dropNames.map((glob) => compileGlob(glob))
  const { keep, drop, keepTypes, dropTypes, largerThan, smallerThan } = options
  return ({ name, type, bytes }) => {
    const extensions = extensionsOf(name)
    if (keep !== undefined && !keep.some((one) => extensions.includes(one))) return false
    if (drop.some((one) => extensions.includes(one))) return false
    if (keepTypes !== undefined && !keepTypes.some((one) => fitsType(type, one))) return false
    if (dropTypes.some((one) => fitsType(type, one))) return false
    if (keepNames !== undefined && !keepNames.some((one) => one.test(name))) return false
    if (dropNames.some((one) => one.test(name))) return false
    if (largerThan !== undefined && bytes <= largerThan) return false
    return smallerThan === undefined || bytes < smallerThan
  }
}

/** `a.tar.gz` is both a `gz` and a `tar.gz`. */
function extensionsOf(name: string): readonly string[] {
  const whole = splitName(name).extension.slice(1).toLowerCase()
  return [whole, whole.slice(whole.lastIndexOf('.') + 1)]
}

function fitsType(type: string, wanted: string): boolean {
  const [kind = '', exact = '*'] = wanted.toLowerCase().split('/')
  return exact === '*' ? type.toLowerCase().startsWith(`${kind}/`) : type.toLowerCase() === `${kind}/${exact}`
}
