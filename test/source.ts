import { parseSync } from 'oxc-parser'

/** What the architecture asks of a file, read from its syntax tree. */
export interface Source {
  readonly file: string
  readonly lines: number
  /** Why it could not be parsed. */
  readonly error?: string
  readonly uses: readonly Use[]
  /** Free names: used, and declared nowhere in the file. */
  readonly globals: ReadonlySet<string>
  readonly readsEnvironment: boolean
  readonly evaluates: boolean
  readonly onlyReexports: boolean
}

export interface Use {
  readonly specifier: string
  /** `import type`, `export type … from`, or `import('…').T`: gone at run time. */
  readonly typeOnly: boolean
}

type Node = { readonly type: string } & Readonly<Record<string, unknown>>

/** Reads one file of TypeScript; `file` says by its ending whether it may hold JSX. */
export function read(file: string, text: string): Source {
  const { program, errors } = parseSync(file, text)
  const uses: Use[] = []
  const used = new Set<string>()
  const declared = new Set<string>()
  let readsEnvironment = false

  const visit = (node: Node, parent: Node, key: string): void => {
    uses.push(...useOf(node))
    for (const name of declarationsOf(node)) declared.add(name)
    if (node.type === 'Identifier' && isReference(parent, key)) used.add(textOf(node['name']))
    if (node.type === 'MemberExpression' && nameOf(node['object']) === 'globalThis') used.add(memberOf(node))
    if (isEnvironment(node)) readsEnvironment = true
    for (const [name, child] of childrenOf(node)) visit(child, node, name)
  }
  const tree = asNode(program)
  visit(tree, tree, '')

  const globals = new Set([...used].filter((name) => !declared.has(name)))
  const statements = childrenOf(tree).map(([, statement]) => statement)
  return {
    file,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    ...(errors[0] === undefined ? {} : { error: errors[0].message }),
    uses,
    globals,
    readsEnvironment,
    evaluates: globals.has('eval') || globals.has('Function'),
    onlyReexports: statements.length > 0 && statements.every(isReexport),
  }
}

function useOf(node: Node): Use[] {
  const specifier = isNode(node['source']) ? node['source']['value'] : undefined
  if (typeof specifier !== 'string') return [] // also `import(name)`, which nobody can follow
  switch (node.type) {
    case 'ImportDeclaration':
      return [{ specifier, typeOnly: node['importKind'] === 'type' }]
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return [{ specifier, typeOnly: node['exportKind'] === 'type' }]
    case 'ImportExpression':
      return [{ specifier, typeOnly: false }]
    case 'TSImportType':
      return [{ specifier, typeOnly: true }]
    default:
      return []
  }
}

function declarationsOf(node: Node): string[] {
  switch (node.type) {
    case 'VariableDeclarator':
    case 'ClassDeclaration':
      return namesIn(node['id'])
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return [...namesIn(node['id']), ...namesIn(node['params'])]
    case 'CatchClause':
      return namesIn(node['param'])
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
      return namesIn(node['local'])
    default:
      return []
  }
}

/** `a`, `c` and `d` in the pattern `{ a, b: [c], ...d }`. */
function namesIn(pattern: unknown): string[] {
  if (Array.isArray(pattern)) return pattern.flatMap(namesIn)
  if (!isNode(pattern)) return []
  if (pattern.type === 'Identifier') return [textOf(pattern['name'])]
  return ['properties', 'elements', 'value', 'left', 'argument'].flatMap((key) => namesIn(pattern[key]))
}

/** Whether an identifier at `parent[key]` is a value that is read, and not a name of a member, an export or a type. */
function isReference(parent: Node, key: string): boolean {
  if (parent.type.startsWith('TS')) return key === 'expression'
  if (parent.type === 'ImportSpecifier' || parent.type === 'ExportSpecifier') return key === 'local'
  return (key !== 'property' && key !== 'key') || parent['computed'] === true
}

function isEnvironment(node: Node): boolean {
  if (node.type === 'MemberExpression') return nameOf(node['object']) === 'process' && memberOf(node) === 'env'
  return (
    node.type === 'ImportDeclaration' &&
    useOf(node).some(({ specifier }) => /^(node:)?process$/.test(specifier)) &&
    childrenOf(node).some(([, child]) => nameOf(child['imported']) === 'env')
  )
}

function isReexport({ type, source }: Node): boolean {
  return type === 'ExportAllDeclaration' || (type === 'ExportNamedDeclaration' && isNode(source))
}

function memberOf({ property }: Node): string {
  return nameOf(property) ?? (isNode(property) ? textOf(property['value']) : '')
}

function nameOf(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Identifier' ? textOf(node['name']) : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function childrenOf(node: Node): [string, Node][] {
  return Object.entries(node).flatMap(([key, value]) =>
    [value].flat().flatMap((child): [string, Node][] => (isNode(child) ? [[key, child]] : [])),
  )
}

function asNode(value: unknown): Node {
  if (!isNode(value)) throw new TypeError('not a syntax tree')
  return value
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}
