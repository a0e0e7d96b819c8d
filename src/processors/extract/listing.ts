import type { Entry } from './judge.ts'

/**
 * Entries of `7zz l -slt -ba`: a block of `Key = value` each, which begins with `Path`. What comes first counts, so that
 * a comment (which may have any lines) does not overrule what the archive says. The only entry of a gzip may have no name.
 */
export async function* entriesOf(stdout: AsyncIterable<Buffer>): AsyncGenerator<Entry> {
  let block = new Map<string, string>()
  const decoder = new TextDecoder()
  let rest = ''
  const lines = async function* () {
    for await (const chunk of stdout) {
      const found = (rest + decoder.decode(chunk, { stream: true })).split('\n')
      rest = found.pop() ?? ''
      yield* found
    }
    yield rest
  }
  for await (const line of lines()) {
    const [, key, value] = /^([A-Z][A-Za-z ]*) = ?(.*?)\r?$/.exec(line) ?? []
    if (key === undefined || value === undefined) continue
    if (key === 'Path' && block.size > 0) {
      yield entry(block)
      block = new Map()
    }
    if (!block.has(key)) block.set(key, value)
  }
  if (block.size > 0) yield entry(block)
}

function entry(block: ReadonlyMap<string, string>): Entry {
  const size = block.get('Size') ?? ''
  const target = block.get('Symbolic Link') || block.get('Hard Link') || undefined
  return {
    path: block.get('Path') ?? '',
    kind: target === undefined ? kindOf(block) : 'link',
    bytes: /^\d+$/.test(size) ? Number(size) : undefined,
    target,
    isEncrypted: block.get('Encrypted') === '+',
  }
}

/** By the mode as `ls` writes it (`drwxr-xr-x`), and Windows' letters before it: D for folders, L for links. */
function kindOf(block: ReadonlyMap<string, string>): Entry['kind'] {
  const words = `${block.get('Attributes') ?? ''} ${block.get('Mode') ?? ''}`.split(' ').filter((word) => word !== '')
  const modes = words.filter((word) => /^[-dlcbpshD?0][-rwxsStTl]{9}$/.test(word)).map((word) => word[0])
  const letters = words.filter((word) => /^[A-Z_]+$/.test(word)).join('')
  if (modes.includes('l') || letters.includes('L')) return 'link'
  if (modes.some((mode) => mode !== undefined && /[cbpsD]/.test(mode))) return 'other'
  return block.get('Folder') === '+' || modes.includes('d') || letters.includes('D') ? 'folder' : 'file'
}
