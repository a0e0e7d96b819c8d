import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join } from 'node:path'
import { promisify } from 'node:util'
import { Fault } from '@jackdaw/contract/faults.ts'

interface Tool {
  /** Names under which it is looked for, best first. */
  readonly commands: readonly string[]
  /** Arguments that make it say its version. */
  readonly version: readonly string[]
  readonly apt: string
  readonly brew: string
}

/** Every external program that engines may name. */
export const toolCatalogue = {
  ffmpeg: { commands: ['ffmpeg'], version: ['-version'], apt: 'ffmpeg', brew: 'ffmpeg' },
  ffprobe: { commands: ['ffprobe'], version: ['-version'], apt: 'ffmpeg', brew: 'ffmpeg' },
  'yt-dlp': { commands: ['yt-dlp'], version: ['--version'], apt: 'yt-dlp', brew: 'yt-dlp' },
  'gallery-dl': { commands: ['gallery-dl'], version: ['--version'], apt: 'gallery-dl', brew: 'gallery-dl' },
  aria2c: { commands: ['aria2c'], version: ['--version'], apt: 'aria2', brew: 'aria2' },
  '7zz': { commands: ['7zz', '7z'], version: ['i'], apt: '7zip', brew: 'sevenzip' },
  unar: { commands: ['unar'], version: ['--version'], apt: 'unar', brew: 'unar' },
  lsar: { commands: ['lsar'], version: ['--version'], apt: 'unar', brew: 'unar' },
  rclone: { commands: ['rclone'], version: ['version'], apt: 'rclone', brew: 'rclone' },
} as const satisfies Record<string, Tool>

export type ToolName = keyof typeof toolCatalogue

export type ToolState =
  | { readonly tool: ToolName; readonly isFound: true; readonly path: string; readonly version: string }
  | { readonly tool: ToolName; readonly isFound: false; readonly how: string }

/** Where a tool is: what the operator configured (a path or a name on the PATH), else the first of its usual names. */
export async function findTool(
  tool: ToolName,
  configured: string | undefined,
  searchPath: string,
): Promise<string | undefined> {
  for (const command of configured === undefined ? toolCatalogue[tool].commands : [configured]) {
    const path = await findExecutable(command, searchPath)
    if (path !== undefined) return path
  }
  return undefined
}

/** Finds and asks every tool: for the start of the house and for doctor. `configured` is by name of the catalogue. */
export async function probeTools(
  configured: Readonly<Partial<Record<ToolName, string>>>,
  searchPath: string,
): Promise<readonly ToolState[]> {
  return await Promise.all(
    // The keys of a constant are its names.
    (Object.keys(toolCatalogue) as ToolName[]).map(async (tool): Promise<ToolState> => {
      const path = await findTool(tool, configured[tool], searchPath)
      if (path === undefined) return { tool, isFound: false, how: howToInstall(tool) }
      const env = { PATH: searchPath, LANG: 'C.UTF-8' }
      // 20 s: an old yt-dlp on a cold and slow disk.
      const asked = await run(path, [...toolCatalogue[tool].version], { env, timeout: 20_000 }).catch(() => undefined)
      if (!asked) return { tool, isFound: false, how: `${path} does not run. ${howToInstall(tool)}` }
      return { tool, isFound: true, path, version: parseVersion(asked.stdout || asked.stderr) }
    }),
  )
}

/** The first version number, or date, in what a tool says about itself. */
export function parseVersion(text: string): string {
  return /\bv?(\d+(?:\.\d+)+[\w.+-]*)/.exec(text)?.[1] ?? 'unknown'
}

/** `house.missing-tool`, with the words to type. */
export function missingTool(tool: string): Fault {
  return new Fault('house.missing-tool', { tool, how: howToInstall(tool) })
}

/** Resolves a command on the search path, as a shell would, to an executable file. */
export async function findExecutable(command: string, searchPath: string): Promise<string | undefined> {
  const places = command.includes('/')
    ? [command]
    : searchPath
        .split(delimiter)
        .filter(isAbsolute)
        .map((dir) => join(dir, command))
  for (const place of places) {
    if (await isExecutable(place)) return place
  }
  return undefined
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    // Not there, or not ours to run: for the caller the same.
    return false
  }
}

function howToInstall(tool: string): string {
  const entry: Tool | undefined = Object.entries(toolCatalogue).find(([name]) => name === tool)?.[1]
  if (!entry) return 'Install it and put it on the PATH.'
  const variable = `JACKDAW_${tool.replace('-', '').toUpperCase()}`
  const fetched = tool === 'yt-dlp' ? ' "jackdaw update yt-dlp" fetches the newest.' : ''
  return `Install it with "apt-get install ${entry.apt}" or "brew install ${entry.brew}", or name its place in ${variable}.${fetched}`
}

const run = promisify(execFile)
