import { splitName } from './names.ts'
import { isMedia, typeOfName } from './sniff.ts'

/** A name that a person gave, without the extension of a media file: `Film.mp4` and `Film` name the same, `Part 1.5` stays. */
export function withoutMediaExtension(name: string): string {
  const { stem, extension } = splitName(name)
  const type = extension === '' ? undefined : typeOfName(name)
  return type !== undefined && isMedia(type) && stem !== '' ? stem : name
}
