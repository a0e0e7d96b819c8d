import { Readable } from 'node:stream'
import { z } from 'zod'
import type { Fault } from '@jackdaw/contract/faults.ts'

/** A password as 7zz can read it: one line. */
export const ArchivePassword = z
  .string()
  .min(1)
  .max(1024)
  .regex(/^[^\0\r\n]*$/, 'a password is one line')

/**
 * Flags of every call: UTF-8 whatever the locale, names are names (no wildcards), nothing is asked but the password, and
 * symbolic links are not followed out of an archive.
 */
export const sevenZipFlags = ['-sccUTF-8', '-scsUTF-8', '-spd', '-y', '-bb0'] as const

/**
 * The stdin that answers 7zz when it asks for the password. It goes this way because arguments can be read by every user
 * of the machine (`/proc/PID/cmdline`). To make an encrypted archive add `-p`, which makes 7zz ask; to open one, nothing.
 */
export function passwordAnswer(password: string | undefined): { readonly stdin?: Readable } {
  return password === undefined ? {} : { stdin: Readable.from([Buffer.from(`${password}\n`)]) }
}

/** Shares (0 to 1) that are done, as `-bsp1` writes them: ` 42% 3 + name`, overwritten by backspaces. */
export async function* percentages(stdout: Readable): AsyncGenerator<number> {
  let last = -1
  for await (const chunk of stdout as AsyncIterable<Buffer>) {
    const found = [...chunk.toString('latin1').matchAll(/(?<!\d)(\d{1,3})%/g)].at(-1)
    const percent = Math.min(100, Number(found?.[1] ?? last))
    if (percent > last) yield (last = percent) / 100
  }
}

/** What 7zz said last, without its decoration and our paths, as a sentence's end. */
export function sevenZipReason(fault: Fault): string {
  const words = String(fault.facts['reason'] ?? 'unknown')
    .split(/\n| \| /)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !decoration.test(line))
  const last = words.at(-1) ?? 'unknown'
  return last
    .replace(/^(?:Open )?ERROR: ?/, '')
    .replace(/(?:\/[^/:]+)+\//g, '')
    .slice(0, 300)
}

const decoration = /^(?:Errors?: \d+|ERRORS:|WARNINGS:|System ERROR:|Sub items|Archives with|Enter password)/
