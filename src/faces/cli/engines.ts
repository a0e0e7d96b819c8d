import { Fault } from '@jackdaw/contract/faults.ts'
import type { EngineView } from '@jackdaw/contract/operations/house.ts'
import { suggest } from '#kernel/suggest.ts'
import { asking } from './asking.ts'
import { type Paint, plain, table } from './format.ts'
import type { CommonOptions, Host } from './host.ts'
import { paintFor } from './report.ts'
import { type Schema, schemaRows } from './schema-rows.ts'

/** All engines by kind; or those of one name, with the options that they take. */
export async function listEngines(
  name: string | undefined,
  options: CommonOptions & { json?: boolean },
  host: Host,
): Promise<number> {
  const paint = paintFor(host.terminal)
  return asking(options, host, async (client, say) => {
    const engines = named(await client.house.engines(), name)
    if (options.json) return engines.forEach((engine) => say(JSON.stringify(engine)))
    if (name !== undefined) return engines.flatMap((engine) => describe(engine, paint)).forEach(say)
    for (const kind of ['source', 'transport', 'processor', 'destination'] as const) {
      const rows = engines.filter((engine) => engine.kind === kind).map((engine) => row(engine, paint))
      if (rows.length > 0) say(paint.bold(`${kind}s`))
      for (const line of table(rows, 0)) say(line)
    }
  })
}

function named(engines: readonly EngineView[], name: string | undefined): readonly EngineView[] {
  const found = name === undefined ? engines : engines.filter((engine) => engine.name === name)
  if (name === undefined || found.length > 0) return found
  const near = suggest(name, [...new Set(engines.map((engine) => engine.name))])
  throw new Fault('input.unknown', {
    noun: 'engine',
    id: near === undefined ? name : `${name} (did you mean ${near}?)`,
  })
}

function row(engine: EngineView, paint: Paint): string[] {
  return [`  ${mark(engine, paint)} ${engine.name}`, plain(engine.title), toolsOf(engine)]
}

function describe(engine: EngineView, paint: Paint): string[] {
  const rows = engine.options === undefined ? [] : schemaRows(engine.options as Schema)
  const tools = toolsOf(engine)
  return [
    `${mark(engine, paint)} ${paint.bold(engine.name)}  ${engine.kind}: ${plain(engine.title)}`,
    ...(tools === '' ? [] : [`  ${tools}`]),
    ...(rows.length === 0 ? ['  it takes no options'] : table(rows, 0).map((line) => `  ${line}`)),
  ]
}

const mark = ({ available }: EngineView, paint: Paint) => (available ? paint.green('✓') : paint.red('✗'))

function toolsOf(engine: EngineView): string {
  if (!engine.available) return plain(engine.says)
  return engine.tools.map((tool) => plain(`${tool.name} ${tool.version ?? ''}`)).join(', ')
}
