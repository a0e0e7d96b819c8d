import { z } from 'zod'
import { JobSecrets } from '@jackdaw/contract/nouns/options.ts'
import type { EngineView } from '@jackdaw/contract/operations/house.ts'
import { probeTools, type ToolState } from '#kernel/child/tools.ts'
import type { Engine, Engines } from '#pipeline/engine.ts'
import type { Config } from './config.ts'
import { configuredTools } from './tools.ts'

/** Asking every tool for its version starts programs, so the answer is kept for a minute. */
const keptMs = 60_000

/** Every engine with its tools: there or absent, why, and how to get it. */
export function describeEngines(engines: Engines, config: Config): () => Promise<EngineView[]> {
  let asked: { readonly at: number; readonly tools: ReturnType<typeof probeTools> } | undefined
  const tools = () => {
    if (asked === undefined || performance.now() - asked.at > keptMs)
      asked = { at: performance.now(), tools: probeTools(configuredTools(config), process.env['PATH'] ?? '') }
    return asked.tools
  }
  return async () => {
    const states = new Map((await tools()).map((state) => [String(state.tool), state]))
    const view = (kind: EngineView['kind']) => (engine: Engine) => describe(kind, engine, states)
    return [
      ...engines.sources.map(view('source')),
      ...engines.transports.map(view('transport')),
      ...engines.processors.map(view('processor')),
      ...engines.destinations.map(view('destination')),
    ]
  }
}

function describe(
  kind: EngineView['kind'],
  { name, title, tools, options }: Engine,
  states: ReadonlyMap<string, ToolState>,
): EngineView {
  const found = tools.map((tool) => ({ tool, state: states.get(tool) }))
  const missing = found.flatMap(({ tool, state }) =>
    state?.isFound ? [] : [`${tool} is missing. ${state && !state.isFound ? state.how : ''}`.trim()],
  )
  const schema = optionsOf(options)
  return {
    kind,
    name,
    title,
    ...(schema && { options: schema }),
    available: missing.length === 0,
    says: missing.join(' ') || 'there',
    tools: found.map(({ tool, state }) =>
      state?.isFound ? { name: tool, path: state.path, version: state.version } : { name: tool },
    ),
  }
}

/** Filled in by the house for each job. */
const isOurs = (name: string): boolean => name === 'facts' || name in JobSecrets.shape

/** What people may give it, as JSON Schema; absent when it takes nothing. */
function optionsOf(options: z.ZodType): Record<string, z.core.util.JSONType> | undefined {
  // What has no JSON Schema (a transformation, say) is shown as anything: the engine's own check is what counts.
  const { $schema: _, ...schema } = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' })
  const properties = Object.entries(schema.properties ?? {}).filter(([name]) => !isOurs(name))
  if (schema.type === 'object' && properties.length === 0) return undefined
  const shown = { ...schema, ...(schema.properties && { properties: Object.fromEntries(properties) }) }
  // A JSON Schema is JSON: the library's own type says more than the contract needs.
  return JSON.parse(JSON.stringify(shown)) as Record<string, z.core.util.JSONType>
}
