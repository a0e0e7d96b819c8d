/** As much of JSON Schema as our documents use. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  /** What a text is, in words. */
  readonly title?: string
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly description?: string
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly not?: unknown
}

/** A type in a few words: `text`, `number 1–64`, `"queued" or "running"`, `list of {…}`. */
export function inWords(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' or ')
  const branches = (schema.anyOf ?? schema.oneOf)?.filter((branch) => branch.not === undefined)
  if (branches !== undefined) return [...new Set(branches.map(inWords))].join(' or ')
  if (schema.type === 'array') return `list of ${inWords(schema.items ?? {})}${atMost(schema.maxItems)}`
  if (schema.type === 'object') return object(schema)
  if (schema.type === 'string' && schema.title !== undefined) return schema.title
  if (schema.type === 'string') return `text${atMost(schema.maxLength, ' characters')}`
  if (schema.type === 'integer' || schema.type === 'number') return number(schema)
  if (schema.type === 'boolean') return 'true or false'
  if (schema.type === 'null') return 'null'
  return 'anything'
}

/** Rows for the fields of an object schema, one level of nesting as `options.name`. */
export function fieldRows(schema: Schema, prefix = ''): string[][] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const path = prefix + name
    const needed = schema.required?.includes(name) === true ? 'yes' : ''
    const about = [
      field.description,
      field.default === undefined ? undefined : `default ${JSON.stringify(field.default)}`,
    ]
    const row = [`\`${path}\``, inWords(field), needed, about.filter((part) => part !== undefined).join('; ')]
    const nested = field.properties !== undefined && prefix === '' ? fieldRows(field, `${path}.`) : []
    return [row, ...nested]
  })
}

function object(schema: Schema): string {
  const names = Object.keys(schema.properties ?? {})
  if (names.length > 0) return `{ ${names.join(', ')} }`
  return typeof schema.additionalProperties === 'object' ? `map of ${inWords(schema.additionalProperties)}` : 'object'
}

function number(schema: Schema): string {
  const kind = schema.type === 'integer' ? 'whole number' : 'number'
  const { minimum: low, maximum: high } = schema
  // zod writes the bounds of safe integers, which tell nobody anything.
  const least = low !== undefined && low > Number.MIN_SAFE_INTEGER ? low : undefined
  const most = high !== undefined && high < Number.MAX_SAFE_INTEGER ? high : undefined
  if (least !== undefined && most !== undefined) return `${kind} ${least}–${most}`
  if (least !== undefined) return `${kind} from ${least}`
  return most === undefined ? kind : `${kind} up to ${most}`
}

function atMost(limit: number | undefined, unit = ''): string {
  return limit === undefined ? '' : ` (at most ${limit}${unit})`
}
