import { plain } from './format.ts'

/** As much of JSON Schema as options of engines use. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly title?: string
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
}

/** A row per option: name, what it takes, what it is for. Options of an option stand below it as `name.part`. Pure. */
export function schemaRows(schema: Schema, prefix = '', depth = 0): string[][] {
  const one = schema.anyOf ?? schema.oneOf
  // Several forms of options: what each takes, one after the other.
  if (schema.properties === undefined && one !== undefined)
    return one.flatMap((form) => schemaRows(form, prefix, depth))
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const needed = schema.required?.includes(name) && field.default === undefined ? ' (needed)' : ''
    const standard = field.default === undefined ? '' : ` (${JSON.stringify(field.default)} when absent)`
    const inner = field.type === 'object' ? field : field.type === 'array' ? field.items : undefined
    const below = depth < 2 && inner?.properties !== undefined ? schemaRows(inner, `${prefix}${name}.`, depth + 1) : []
    return [
      [plain(`${prefix}${name}`), plain(`${takes(field)}${standard}${needed}`), plain(field.description ?? '')],
      ...below,
    ]
  })
}

/** `number 0–51`, `mp4 or mkv`, `list of text`. */
function takes(schema: Schema): string {
  if (schema.const !== undefined) return word(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(word).join(' or ')
  const forms = schema.anyOf ?? schema.oneOf
  if (forms !== undefined) return [...new Set(forms.map(takes))].join(' or ')
  if (schema.type === 'array') return `list of ${takes(schema.items ?? {})}`
  if (schema.type === 'string') return schema.title ?? 'text'
  if (schema.type === 'boolean') return 'true or false'
  if (schema.type === 'object') return 'object'
  if (schema.type === 'number' || schema.type === 'integer') return `number${range(schema)}`
  return 'anything'
}

function range({ minimum, maximum }: Schema): string {
  // The limits that JSON numbers have anyhow say nothing.
  const least = minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? minimum : undefined
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? maximum : undefined
  if (least === undefined && most === undefined) return ''
  if (most === undefined) return ` from ${least}`
  return least === undefined ? ` to ${most}` : ` ${least}–${most}`
}

const word = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
