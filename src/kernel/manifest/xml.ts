import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { Fault } from '@jackdaw/contract/faults.ts'

/** An element of a manifest. Names are without their namespace's prefix. */
export interface Element {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly Element[]
  /** Text directly inside it. */
  readonly text: string
}

export interface XmlLimits {
  readonly characters: number
  readonly elements: number
}

/** Far more than any manifest nests; a reader that walks the tree does not run out of stack. */
const deepest = 64

/**
 * The root element of a document. `keep` says which elements are of interest; others are dropped with all that is in
 * them. A document type is refused, so that there are no entities but those of XML itself. Throws `source.malformed`.
 */
export function readXml(text: string, limits: XmlLimits, keep: ReadonlySet<string>): Element {
  if (text.length > limits.characters) throw malformed(`it has more than ${limits.characters} characters`)
  const reader = new Reader(limits, keep)
  const parser = new SaxesParser({ xmlns: false as const })
  parser.on('error', (error) => {
    throw malformed('it is not well-formed XML', error)
  })
  parser.on('doctype', () => {
    throw malformed('it declares a document type, which no manifest needs')
  })
  parser.on('opentag', (tag) => reader.open(tag))
  parser.on('closetag', () => reader.close())
  parser.on('text', (text) => reader.say(text))
  parser.on('cdata', (text) => reader.say(text))
  // An XML declaration stands at the very beginning; some servers send a line before it.
  parser.write(text.trimStart()).close()
  if (reader.root === undefined) throw malformed('it is empty')
  return reader.root
}

export function childrenOf(element: Element, name: string): readonly Element[] {
  return element.children.filter((child) => child.name === name)
}

export function childOf(element: Element, name: string): Element | undefined {
  return element.children.find((child) => child.name === name)
}

export function malformed(reason: string, cause?: unknown): Fault {
  return new Fault('source.malformed', { reason }, { cause })
}

class Reader {
  root: Element | undefined
  readonly #limits: XmlLimits
  readonly #keep: ReadonlySet<string>
  /** `undefined` is an element that is dropped. */
  readonly #open: ({ name: string; attributes: Map<string, string>; children: Element[]; text: string } | undefined)[] =
    []
  #elements = 0

  constructor(limits: XmlLimits, keep: ReadonlySet<string>) {
    this.#limits = limits
    this.#keep = keep
  }

  open(tag: SaxesTagPlain): void {
    this.#elements += 1
    if (this.#elements > this.#limits.elements) throw malformed(`it has more than ${this.#limits.elements} elements`)
    if (this.#open.length >= deepest) throw malformed(`its elements are nested more than ${deepest} deep`)
    const parent = this.#open.at(-1)
    const name = local(tag.name)
    if (this.#open.length > 0 && (parent === undefined || !this.#keep.has(name))) {
      this.#open.push(undefined)
      return
    }
    // One without a prefix is meant when another namespace has the same name: `xsi:type` is not the manifest's `type`.
    const attributes = new Map(
      Object.entries(tag.attributes)
        .toSorted(([a], [b]) => Number(b.includes(':')) - Number(a.includes(':')))
        .map(([key, value]) => [local(key), value]),
    )
    const element = { name, attributes, children: [], text: '' }
    parent?.children.push(element)
    this.root ??= element
    this.#open.push(element)
  }

  close(): void {
    this.#open.pop()
  }

  say(text: string): void {
    const element = this.#open.at(-1)
    if (element !== undefined && text.trim() !== '') element.text += text
  }
}

function local(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1)
}
