import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { configurationPage, envExample } from './generate/configuration.ts'
import { eventsPage } from './generate/events.ts'
import { faultsPage } from './generate/faults.ts'
import { manifestsPage } from './generate/manifests.ts'
import { operationsPage } from './generate/operations.ts'
import { processorsPage } from './generate/processors.ts'
import { sitesPage } from './generate/sites.ts'

/** `npm run generate` writes the reference; `npm run generate -- --check` fails when it is stale and writes nothing. */
const root = resolve(import.meta.dirname, '..')

/** Every generated file by its path from the root. The same sources give the same bytes. */
export async function generate(): Promise<Readonly<Record<string, string>>> {
  return {
    'docs/reference/operations.md': await operationsPage(),
    'docs/reference/faults.md': faultsPage(),
    'docs/reference/events.md': eventsPage(),
    'docs/reference/manifests.md': manifestsPage(),
    'docs/reference/processors.md': processorsPage(),
    'docs/reference/configuration.md': configurationPage(),
    'docs/reference/sites.md': sitesPage(),
    '.env.example': envExample(),
  }
}

/** Paths of generated files that are missing or differ from what would be generated. */
export async function stale(): Promise<string[]> {
  const found: string[] = []
  for (const [path, text] of Object.entries(await generate())) {
    const there = await readFile(join(root, path), 'utf8').catch(() => undefined)
    if (there !== text) found.push(path)
  }
  return found
}

async function write(): Promise<void> {
  for (const [path, text] of Object.entries(await generate())) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
}

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const found = await stale()
    if (found.length > 0) {
      process.stderr.write(`stale, run npm run generate: ${found.join(', ')}\n`)
      process.exitCode = 1
    }
  } else await write()
}
