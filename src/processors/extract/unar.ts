import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { z } from 'zod'
import { unsafe } from './faults.ts'
import type { Entry } from './judge.ts'
import { watched, type Unpacking } from './watch.ts'

/** As much as we read of `lsar -json`. */
const Listing = z.object({
  lsarContents: z.array(
    z.object({
      XADIndex: z.number().int(),
      XADFileName: z.string().catch(''),
      XADFileSize: z.number().optional(),
      XADIsDirectory: z.unknown().optional(),
      XADIsLink: z.unknown().optional(),
      XADIsHardLink: z.unknown().optional(),
      XADIsCharacterDevice: z.unknown().optional(),
      XADIsBlockDevice: z.unknown().optional(),
      XADIsFIFO: z.unknown().optional(),
      XADIsEncrypted: z.unknown().optional(),
      XADLinkDestination: z.string().optional().catch(undefined),
    }),
  ),
})

/** What a RAR says is in it. unar takes a password in its arguments only, where everybody could read it: so it gets none. */
export async function list(path: string, unpacking: Unpacking): Promise<readonly (Entry & { index: number })[]> {
  const { name, run } = unpacking
  const child = await run.spawn('lsar', ['-json', path])
  const text = await child.text().catch((thrown: unknown) => {
    run.signal.throwIfAborted()
    if (!isFault(thrown, 'house.tool-failed')) throw thrown
    const said = String(thrown.facts['reason'])
    if (/password/i.test(said)) throw encrypted()
    if (said.includes('more than 64 MiB')) throw unsafe(name, 'its list of entries is longer than 64 MiB')
    throw new Fault('process.broken', { name, reason: 'it cannot be read as a RAR' }, { cause: thrown })
  })
  const parsed = Listing.safeParse(json(text))
  if (!parsed.success) throw new Fault('process.broken', { name, reason: 'it cannot be read as a RAR' })
  return parsed.data.lsarContents.map((one) => ({
    index: one.XADIndex,
    path: one.XADFileName,
    kind: kindOf(one),
    bytes: one.XADFileSize,
    // The name of another entry, from the top: it leads nowhere else.
    target: one.XADIsHardLink ? undefined : one.XADLinkDestination,
    isEncrypted: Boolean(one.XADIsEncrypted),
  }))
}

/** Unpacks the entries of these numbers into a folder that exists; all when none are named. */
export async function unpack(
  path: string,
  to: string,
  { only }: { only?: readonly number[] | undefined },
  unpacking: Unpacking,
): Promise<void> {
  const { name, run } = unpacking
  const chosen = only === undefined ? [] : ['-i', ...only.map(String)]
  const child = await run.spawn('unar', ['-nr', '-D', '-r', '-k', 'skip', '-o', to, path, ...chosen])
  await watched(child, to, unpacking).catch((thrown: unknown) => {
    run.signal.throwIfAborted()
    if (!isFault(thrown, 'house.tool-failed')) throw thrown
    const said = 'said' in thrown && typeof thrown.said === 'string' ? thrown.said : ''
    const [, why = 'it ends too early or was changed'] = /Failed! \(([^)]*)\)/.exec(said) ?? []
    throw new Fault('process.broken', { name, reason: why }, { cause: thrown })
  })
}

/** No password opens it here, so none is asked for. */
export function encrypted(): Fault {
  return new Fault('process.unsupported', {
    reason: 'a RAR with a password needs a 7zz that reads RAR, as the package 7zip-rar or 7-zip.org have it',
  })
}

function kindOf(one: z.infer<typeof Listing>['lsarContents'][number]): Entry['kind'] {
  if (one.XADIsLink || one.XADIsHardLink) return 'link'
  if (one.XADIsCharacterDevice || one.XADIsBlockDevice || one.XADIsFIFO) return 'other'
  return one.XADIsDirectory ? 'folder' : 'file'
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A list that breaks off says nothing that could be relied upon.
    return undefined
  }
}
