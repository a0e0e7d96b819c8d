import { traverseContractProcedures } from '@orpc/server'
import { contract } from '@jackdaw/contract/contract.ts'
import type { Meta } from '@jackdaw/contract/operations/base.ts'
import { openapi } from '#faces/rest/openapi.ts'
import { page, table } from './markdown.ts'
import { fieldRows, inWords } from './schema.ts'
import type { Schema } from './schema.ts'

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
  readonly schema?: Schema
}

interface Described {
  readonly summary?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >
}

/** Every operation with its route, input and answer, out of the OpenAPI document. */
export async function operationsPage(): Promise<string> {
  // The document is JSON; its types say more than is used here.
  const document = (await openapi(contract, { version: '0' })) as unknown as {
    paths: Record<string, Record<string, Described>>
  }
  const groups = new Map<string, string[]>()
  traverseContractProcedures({ router: contract, path: [] }, ({ contract: operation, path }) => {
    const { method = 'POST', path: route = '' } = operation['~orpc'].route
    const described = document.paths[route]?.[method.toLowerCase()]
    if (described === undefined) return
    const [group = ''] = path
    const sections = groups.get(group) ?? []
    sections.push(section(path.join('.'), `${method} /api/v1${route}`, operation['~orpc'].meta as Meta, described))
    groups.set(group, sections)
  })
  return page(
    'Operations',
    'Every operation, whatever face it is used from. Over REST they lie under `/api/v1` and want a token ' +
      '(`Authorization: Bearer …` or `X-API-Token`); a running server shows the same at `/api/docs` and gives the ' +
      'OpenAPI document at `/api/openapi.json`. What goes wrong is in [faults](faults.md).',
    ...[...groups].flatMap(([group, sections]) => [`## ${group}`, ...sections]),
  )
}

function section(name: string, route: string, meta: Meta, described: Described): string {
  const notes = [
    `\`${route}\``,
    `for: ${meta.access}`,
    ...(meta.mutates === true ? ['a change: audited, safe to repeat with `Idempotency-Key`'] : []),
    ...(meta.capability === undefined ? [] : [`needs: ${meta.capability}`]),
  ]
  const parameters = (described.parameters ?? [])
    .filter((parameter) => parameter.in !== 'header')
    .map(({ name, in: where, required, schema = {} }) => [
      `\`${name}\` (${where})`,
      inWords(schema),
      required === true ? 'yes' : '',
      [schema.description, schema.default === undefined ? undefined : `default ${JSON.stringify(schema.default)}`]
        .filter((part) => part !== undefined)
        .join('; '),
    ])
  const rows = [...parameters, ...fieldRows(described.requestBody?.content['application/json']?.schema ?? {})]
  const input = rows.length === 0 ? [] : [table(['input', 'type', 'needed', 'meaning'], rows)]
  return [`### ${name}`, `${described.summary ?? ''}.`, notes.join(' · '), ...input, answer(described)].join('\n\n')
}

function answer(described: Described): string {
  const content = described.responses['200']?.content ?? {}
  if ('text/event-stream' in content) return 'Answer: a stream of [events](events.md).'
  const schema = content['application/json']?.schema
  return `Answer: ${schema === undefined ? 'nothing' : inWords(schema)}.`
}
