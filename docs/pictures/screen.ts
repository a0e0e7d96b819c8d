/** Text of a terminal with one look. */
interface Stretch {
  readonly text: string
  readonly look: Look
}

interface Look {
  readonly colour?: string
  readonly bold?: boolean
  readonly dim?: boolean
}

const width = 8.4
const height = 20
const colours: Readonly<Record<number, string>> = { 31: '#e0736b', 32: '#6fbf73', 33: '#d9b55b', 36: '#6fb3bf' }

/** What `tmux capture-pane -e` gave, as a picture that needs no font of its own. Lines at the end that are empty are left out. */
export function screenToSvg(captured: string, columns: number): string {
  const lines = captured.replace(/\s+$/, '').split('\n')
  const texts = lines.flatMap((line, row) => {
    let column = 0
    return stretchesOf(line).flatMap(({ text, look }) => {
      const x = 16 + column * width
      const cells = [...text].length
      column += cells
      if (text.trim() === '') return []
      const attributes = [
        `x="${x.toFixed(1)}" y="${31 + row * height}" fill="${look.colour ?? '#d6dbe0'}" xml:space="preserve"`,
        `textLength="${(cells * width).toFixed(1)}" lengthAdjust="spacingAndGlyphs"`,
        ...(look.bold ? ['font-weight="bold"'] : []),
        ...(look.dim ? ['opacity=".5"'] : []),
      ]
      return [`<text ${attributes.join(' ')}>${escaped(text)}</text>`]
    })
  })
  const size = `width="${Math.ceil(32 + columns * width)}" height="${32 + lines.length * height}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="DejaVu Sans Mono,Menlo,Consolas,monospace" font-size="14">`,
    '<rect width="100%" height="100%" rx="8" fill="#1b1f24"/>',
    ...texts,
    '</svg>',
    '',
  ].join('\n')
}

function stretchesOf(line: string): Stretch[] {
  const found: Stretch[] = []
  let look: Look = {}
  for (const part of line.trimEnd().split(/(?=\p{Cc}\[[\d;]*m)/u)) {
    const [mark = '', codes] = /^\p{Cc}\[([\d;]*)m/u.exec(part) ?? []
    if (codes !== undefined) look = codes.split(';').map(Number).reduce(after, look)
    const text = part.slice(mark.length)
    if (text !== '') found.push({ text, look })
  }
  return found
}

/** The look after a code of ECMA-48, 8.3.117 (SGR). */
function after(look: Look, code: number): Look {
  const { colour: _, ...plain } = look
  if (code === 0) return {}
  if (code === 1) return { ...look, bold: true }
  if (code === 2) return { ...look, dim: true }
  if (code === 22) return { ...look, bold: false, dim: false }
  if (code === 39) return plain
  const colour = colours[code]
  return colour === undefined ? look : { ...look, colour }
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
