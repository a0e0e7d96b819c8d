import { asking } from './asking.ts'
import { plain, table } from './format.ts'
import type { CommonOptions, Host } from './host.ts'
import { paintFor } from './report.ts'

export async function listEngines(options: CommonOptions & { json?: boolean }, host: Host): Promise<number> {
  const paint = paintFor(host.terminal)
  return asking(options, host, async (client, say) => {
    const engines = await client.house.engines()
    if (options.json) return engines.forEach((engine) => say(JSON.stringify(engine)))
    for (const kind of ['source', 'transport', 'processor', 'destination'] as const) {
      const rows = engines
        .filter((engine) => engine.kind === kind)
        .map((engine) => [
          `  ${engine.available ? paint.green('✓') : paint.red('✗')} ${engine.name}`,
          plain(engine.title),
          engine.available
            ? engine.tools.map((tool) => plain(`${tool.name} ${tool.version ?? ''}`)).join(', ')
            : plain(engine.says),
        ])
      if (rows.length > 0) say(paint.bold(`${kind}s`))
      for (const line of table(rows, 0)) say(line)
    }
  })
}
