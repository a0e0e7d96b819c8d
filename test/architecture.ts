import { posix } from 'node:path'
import { type Source, type Use, read } from './source.ts'

/** Paths from the root, with the text of each file. */
export type Files = ReadonlyMap<string, string>

export interface Violation {
  readonly file: string
  readonly rule: Rule
  readonly says: string
}

export type Rule =
  | 'syntax'
  | 'import map'
  | 'cycle'
  | 'network'
  | 'environment'
  | 'eval'
  | 'length'
  | 'barrel'
  | 'stale'

/** A file that may break a rule, and why. One that no longer does is itself a violation. */
export interface Exception {
  readonly file: string
  readonly rule: Rule
  readonly reason: string
}

/** Who may import whom: `may` at run time and as types, `types` as types only, `files` single files of other folders. */
const map: Readonly<Record<string, { may: readonly string[]; types?: readonly string[]; files?: readonly string[] }>> =
  {
    contract: { may: [] },
    kernel: { may: ['contract'] },
    db: { may: ['contract', 'kernel'] },
    pipeline: { may: ['contract', 'kernel', 'db'] },
    sources: { may: ['contract', 'kernel'], files: ['src/pipeline/engine.ts'] },
    transports: { may: ['contract', 'kernel'], files: ['src/pipeline/engine.ts'] },
    processors: { may: ['contract', 'kernel'], files: ['src/pipeline/engine.ts'] },
    destinations: { may: ['contract', 'kernel'], files: ['src/pipeline/engine.ts'] },
    app: { may: ['contract', 'kernel', 'db', 'pipeline'] },
    faces: { may: ['contract', 'kernel'] },
    adapters: { may: ['contract', 'kernel'], types: ['db', 'pipeline', 'app'] },
    main: {
      may: 'contract kernel db pipeline sources transports processors destinations app faces adapters'.split(' '),
    },
    web: { may: ['contract'] },
  }

const engines = ['sources', 'transports', 'processors', 'destinations']

/** Folders whose subfolders know nothing of each other. */
const separate = new Set([...engines, 'faces'])

/** Everything an engine could reach the network or a program with, other than by its Run. */
const ways = new Set(
  'http https http2 net tls dgram dns dns/promises child_process cluster undici ws basic-ftp pg kysely'.split(' '),
)
const wayGlobals = ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest']

/** The packages that run in a browser as well as here, and may be in the contract. */
const contractPackages = new Set(['zod', '@orpc/contract'])
const hostGlobals = ['process', 'Buffer', '__dirname', 'require', 'window', 'document', 'navigator', 'localStorage']

// DESIGN: past 400 lines there is a second idea in the file.
const longest = 400

/** Everything in these files that the architecture forbids. Pure: the tests plant violations and see them found. */
export function violations(files: Files, exceptions: readonly Exception[] = []): readonly Violation[] {
  const sources = new Map([...files].map(([file, text]) => [file, read(file, text)] as const))
  const found = [...[...sources.values()].flatMap(ofOne), ...cycles(sources)]
  const covers = (exception: Exception, violation: Violation) =>
    exception.file === violation.file && exception.rule === violation.rule
  const stale = exceptions
    .filter((exception) => !found.some((violation) => covers(exception, violation)))
    .map(({ file, rule }): Violation => ({
      file,
      rule: 'stale',
      says: `no longer breaks "${rule}": drop the exception`,
    }))
  return [...found.filter((violation) => !exceptions.some((exception) => covers(exception, violation))), ...stale]
}

function ofOne(source: Source): Violation[] {
  const { file } = source
  const violation = (rule: Rule, says: string): Violation => ({ file, rule, says })
  if (source.error !== undefined) return [violation('syntax', source.error)]

  const found: Violation[] = []
  if (source.lines > longest && !file.includes('.generated.')) {
    found.push(violation('length', `has ${source.lines} lines, more than ${longest}: what is its second idea?`))
  }
  if (source.evaluates) found.push(violation('eval', 'makes code out of text'))
  const registry = engines.some((kind) => file === `src/${kind}/index.ts`)
  if (!registry && (source.onlyReexports || posix.basename(file) === 'index.ts')) {
    found.push(violation('barrel', 'is a barrel: import the file that is meant'))
  }
  if (isTest(file) || !(areaOf(file) in map)) {
    if (areaOf(file).startsWith('src')) found.push(violation('import map', 'is in no folder of the import map'))
    return found
  }

  const area = areaOf(file)
  if (area !== 'main' && area !== 'web' && source.readsEnvironment) {
    found.push(violation('environment', 'reads process.env: take what is needed as a parameter'))
  }
  if (engines.includes(area)) {
    for (const { specifier, typeOnly } of source.uses) {
      if (!typeOnly && ways.has(specifier.replace(/^node:/, ''))) {
        found.push(violation('network', `imports ${specifier}: an engine has run.http, run.connect and run.spawn`))
      }
    }
    for (const name of wayGlobals.filter((name) => source.globals.has(name))) {
      found.push(violation('network', `uses the global ${name}: an engine has run.http and run.connect`))
    }
  }
  if (area === 'contract') {
    for (const name of hostGlobals.filter((name) => source.globals.has(name))) {
      found.push(violation('import map', `uses the global ${name}, which is not everywhere`))
    }
  }
  return [...found, ...source.uses.flatMap((use) => ofUse(file, use).map((says) => violation('import map', says)))]
}

function ofUse(file: string, use: Use): string[] {
  const from = areaOf(file)
  const target = resolve(file, use.specifier)
  if (target === undefined) {
    return from === 'contract' && !contractPackages.has(use.specifier)
      ? [`imports ${use.specifier}: the contract knows no host and few packages`]
      : []
  }
  if (!/\.tsx?$/.test(target)) return [] // data, such as the version in package.json
  const to = areaOf(target)
  if (to === from) {
    const [mine, other] = [folderIn(file), folderIn(target)]
    return separate.has(from) && mine !== undefined && other !== undefined && mine !== other
      ? [`imports ${target}: ${from} know nothing of each other`]
      : []
  }
  const rights = map[from]
  const allowed =
    rights?.may.includes(to) || rights?.files?.includes(target) || (use.typeOnly && rights?.types?.includes(to))
  return [
    ...(allowed ? [] : [`imports ${target}: ${from} may not know ${to}`]),
    ...(use.specifier.startsWith('.') ? [`reaches ${target} by a relative path: write ${nameOf(target)}`] : []),
  ]
}

/** One violation per ring of files that import each other, as types or at run time, with the way round. */
function cycles(sources: ReadonlyMap<string, Source>): Violation[] {
  const found: Violation[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    const at = path.indexOf(file)
    if (at >= 0) {
      found.push({ file, rule: 'cycle', says: `imports itself by way of ${[...path.slice(at), file].join(' → ')}` })
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const { specifier } of sources.get(file)?.uses ?? []) {
      const target = resolve(file, specifier)
      if (target !== undefined && sources.has(target)) visit(target)
    }
    path.pop()
    done.add(file)
  }
  for (const file of sources.keys()) visit(file)
  return found
}

/** The file that a specifier means, from the root, or undefined for packages and Node's own modules. */
function resolve(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(file), specifier)
  if (/^#(test|bench)\//.test(specifier)) return specifier.slice(1)
  if (specifier.startsWith('#')) return `src/${specifier.slice(1)}`
  return /^@jackdaw\/(?<path>.+)$/.exec(specifier)?.groups?.['path']
}

function nameOf(file: string): string {
  return file.startsWith('src/') ? `#${file.slice(4)}` : file.startsWith('contract/') ? `@jackdaw/${file}` : file
}

/** `kernel` for src/kernel/net/guard.ts, `contract` for contract/faults.ts, `src/…` for what has no place in src. */
function areaOf(file: string): string {
  const [top = '', folder = '', rest] = file.split('/')
  if (top !== 'src') return top
  return rest !== undefined && folder in map ? folder : `src/${folder}`
}

/** `hls` for src/sources/hls/manifest.ts; nothing for a file that lies directly in src/sources. */
function folderIn(file: string): string | undefined {
  const [, , folder, rest] = file.split('/')
  return rest === undefined ? undefined : folder
}

function isTest(file: string): boolean {
  return /\.test\.tsx?$/.test(file)
}
