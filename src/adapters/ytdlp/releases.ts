import { createHash } from 'node:crypto'
import { chmod, copyFile, mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { spawnChild } from '#kernel/child/child.ts'
import { parseVersion } from '#kernel/child/tools.ts'
import { digestFile } from '#kernel/digest.ts'
import { newId } from '#kernel/ids.ts'
import { statusFault } from '#kernel/http/answers.ts'

export interface UpdateHow {
  /** Where the program is kept; made when it is not there. */
  readonly folder: string
  /** Address of a folder with `yt-dlp` and `SHA2-256SUMS`. */
  readonly releases: string
  /** Guarded. */
  readonly http: typeof fetch
  readonly searchPath: string
  readonly signal: AbortSignal
}

export interface Updated {
  readonly path: string
  readonly version: string
  /** What was there before, if that ran. */
  readonly before: string | undefined
  readonly isNew: boolean
}

/** Its name in the release and in the folder. */
const name = 'yt-dlp'
/** It has 3 MB. */
const mostBytes = 100 * 1024 * 1024
const mostSumsBytes = 1024 * 1024

/**
 * Fetches the newest yt-dlp: its checksum is compared, and it has to run, before it takes the place of the one that is
 * there, in one step; that one stays beside it as `yt-dlp.previous`. Whatever goes wrong leaves all as it was. Nothing is
 * fetched when the newest is here and runs. Faults: `source.malformed` (a checksum that is not that of the file, or
 * nothing that runs), and those of the network.
 */
export async function updateYtdlp(how: UpdateHow): Promise<Updated> {
  const { folder, searchPath, signal } = how
  const path = join(folder, name)
  await mkdir(folder, { recursive: true, mode: 0o755 })
  const wanted = await checksum(how)
  const before = await versionOf(path, { folder, searchPath, signal }).catch(ignoring(signal))
  if (before !== undefined && (await digestFile(path, { signal })) === wanted)
    return { path, version: before, before, isNew: false }

  const fresh = join(folder, `.${name}.${newId()}`)
  try {
    const digest = await fetchTo(fresh, how)
    if (digest !== wanted) {
      throw new Fault('source.malformed', { reason: 'the checksum of the release is not that of the program' })
    }
    await chmod(fresh, 0o755)
    const version = await versionOf(fresh, { folder, searchPath, signal }).catch((cause: unknown) => {
      signal.throwIfAborted()
      const why = isFault(cause) ? String(cause.facts['reason'] ?? cause.message) : 'it does not start'
      throw new Fault(
        'source.malformed',
        { reason: `the new yt-dlp does not run here (${why}); the one before stays` },
        { cause },
      )
    })
    if (before !== undefined) await keepPrevious(path)
    await rename(fresh, path)
    return { path, version, before, isNew: true }
  } finally {
    await rm(fresh, { force: true })
  }
}

/** A copy under its own name first, so that there is a program at every moment. */
async function keepPrevious(path: string): Promise<void> {
  const copy = `${path}.${newId()}`
  try {
    await copyFile(path, copy)
    await rename(copy, `${path}.previous`)
  } finally {
    await rm(copy, { force: true })
  }
}

async function checksum(how: UpdateHow): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of await body('SHA2-256SUMS', mostSumsBytes, how)) chunks.push(chunk)
  const lines = Buffer.concat(chunks).toString('utf8').split(/\r?\n/)
  // As sha256sum writes it: a star marks a file that was read as binary.
  const found = lines
    .map((line) => /^([0-9a-f]{64}) [ *](\S+)$/i.exec(line.trimEnd()))
    .find((match) => match?.[2] === name)
  if (!found?.[1]) throw new Fault('source.malformed', { reason: `the release has no checksum for ${name}` })
  return found[1].toLowerCase()
}

async function fetchTo(path: string, how: UpdateHow): Promise<string> {
  const hash = createHash('sha256')
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of await body(name, mostBytes, how)) {
      hash.update(chunk)
      await file.write(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}

async function body(file: string, most: number, { releases, http, signal }: UpdateHow): Promise<AsyncIterable<Buffer>> {
  const asked = `${releases.replace(/\/+$/, '')}/${file}`
  const response = await http(asked, { signal, headers: { 'accept-encoding': 'identity' } })
  const isDowngraded = asked.startsWith('https:') && !response.url.startsWith('https:')
  const fault =
    statusFault(response.status, response.headers.get('retry-after'), Date.now()) ??
    (isDowngraded
      ? new Fault('source.certificate', { reason: 'the release is handed out without encryption' })
      : undefined)
  if (fault || response.body === null) {
    await response.body?.cancel()
    throw fault ?? new Fault('source.broken', { reason: 'the release is empty' })
  }
  return atMost(Readable.fromWeb(response.body), most)
}

async function* atMost(stream: Readable, most: number): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > most) throw new Fault('source.malformed', { reason: `the release has more than ${most} bytes` })
    yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
  }
}

/** Its version, by running it. Throws when it does not run or says none. */
async function versionOf(
  path: string,
  { folder, searchPath, signal }: Pick<UpdateHow, 'folder' | 'searchPath' | 'signal'>,
): Promise<string> {
  // A cold zip of a thousand modules on a slow disk takes seconds.
  const patience = AbortSignal.any([signal, AbortSignal.timeout(30_000)])
  const args = ['--ignore-config', '--version']
  const child = await spawnChild({
    tool: name,
    path,
    args,
    cwd: folder,
    searchPath,
    env: { YTDLP_NO_PLUGINS: '1', PYTHONDONTWRITEBYTECODE: '1' },
    signal: patience,
    mark: 'update',
  })
  const version = parseVersion(await child.text())
  if (!/^\d{4}\./.test(version))
    throw new Fault('house.tool-failed', { tool: name, exit: 0, reason: 'it says no version' })
  return version
}

/** What is there may be missing or broken: that is why one updates. */
function ignoring(signal: AbortSignal): () => undefined {
  return () => {
    signal.throwIfAborted()
    return undefined
  }
}
