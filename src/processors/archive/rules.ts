import type { Asset } from '@jackdaw/contract/nouns/asset.ts'
import { safeName, splitName } from '#kernel/names.ts'

export const formats = ['zip', '7z', 'tar', 'tar.gz', 'tar.zst'] as const
export type Format = (typeof formats)[number]

/** Whether packing it again would cost time and save nothing: media, and what is an archive itself. */
export function isDense({ type }: Pick<Asset, 'type'>): boolean {
  if (/^(?:video|audio)\/(?!wav|aiff|x-aiff)/.test(type)) return true
  if (/^image\/(?!bmp|tiff|svg|x-)/.test(type)) return true
  return dense.test(type)
}

/**
 * 0 (stored) to 9. Without a wish: stored when nearly all of it is dense already, else the middle.
 */
export function levelFor(assets: readonly Pick<Asset, 'type' | 'bytes'>[], wished: number | undefined): number {
  if (wished !== undefined) return wished
  const all = assets.reduce((sum, { bytes }) => sum + bytes, 0)
  const packed = assets.reduce((sum, asset) => sum + (isDense(asset) ? asset.bytes : 0), 0)
  // A tenth that could shrink does not repay reading the other nine through a compressor.
  return packed >= all * 0.9 ? 0 : 5
}

/** `name` is what somebody asked for, else the title, else the first file's stem. */
export function archiveName(
  format: Format,
  { name, title, first }: { name?: string | undefined; title?: string | undefined; first: string },
): string {
  const wish = [name, title].find((text) => text !== undefined && text.trim() !== '') ?? splitName(first).stem
  const own = wish.toLowerCase().endsWith(`.${format}`) ? wish.slice(0, -format.length - 1) : wish
  return safeName(`${safeName(own)}.${format}`)
}

const dense =
  /^application\/(?:zip|gzip|zstd|vnd\.rar|x-(?:7z-compressed|bzip2|xz|rar-compressed)|java-archive|ogg|epub\+zip|pdf|vnd\.openxml.*)$/
