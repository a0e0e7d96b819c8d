import { globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Manifests that an npm package ships. */
export interface Collection {
  readonly name: string
  readonly version: string
  readonly license: string
  readonly manifests: readonly { readonly path: string; readonly text: string }[]
}

const root = resolve(import.meta.dirname, '../..')

/** Public manifests, from packages that are installed for the tests: players' own samples and packagers' output. */
export function collections(): readonly Collection[] {
  return [
    collection('mpd-parser', 'test/manifests'),
    collection('m3u8-parser', 'test/fixtures/integration'),
    collection('@eyevinn/hls-vodtolive', 'testvectors'),
  ]
}

function collection(name: string, folder: string): Collection {
  const dir = join(root, 'node_modules', name)
  const { version, license } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
    version: string
    license: string
  }
  const paths = globSync('**/*.{mpd,m3u8}', { cwd: join(dir, folder) }).toSorted()
  const manifests = paths.map((path) => ({
    path: path.replaceAll('\\', '/'),
    text: readFileSync(join(dir, folder, path), 'utf8'),
  }))
  return { name, version, license, manifests }
}
