import { z } from 'zod'
import { eventTypes, volatileTypes } from '@jackdaw/contract/events.ts'
import { code, page, table } from './markdown.ts'
import { inWords } from './schema.ts'
import type { Schema } from './schema.ts'

/** Every event type with what it tells. */
export function eventsPage(): string {
  return page(
    'Events',
    'Facts in the past tense, as `jobs.events` and `queue.events` send them: `{ type, seq, at, job, data }`. Durable ones ' +
      'carry `seq` and are replayed to whoever comes back with it (`since`, or `Last-Event-ID` over HTTP).',
    '## Durable',
    types(eventTypes),
    '## Volatile',
    'Sent to whoever watches at that moment, kept nowhere, without `seq`.',
    types(volatileTypes),
  )
}

function types(given: Readonly<Record<string, z.ZodType>>): string {
  return table(
    ['type', 'data'],
    Object.entries(given).map(([type, data]) => [code(type), fields(z.toJSONSchema(data, { io: 'output' }) as Schema)]),
  )
}

function fields(schema: Schema): string {
  const found = Object.entries(schema.properties ?? {})
  return found.length === 0
    ? 'nothing'
    : found
        .map(([name, field]) => `\`${name}\`${schema.required?.includes(name) === true ? '' : '?'}: ${inWords(field)}`)
        .join(', ')
}
