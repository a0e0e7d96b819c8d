import { filters } from './tables.ts'

/**
 * Why a filter graph may not be used, as a sentence's end; undefined when it may. Only filters of the list pass: none of
 * them opens a file, loads code or speaks to the network, and none of their options that could is let through. Cut into
 * filters exactly as libavfilter does (`av_get_token`, graphparser.c). Pure.
 */
export function graphFault(graph: string): string | undefined {
  const loose = dangerous.exec(graph.replace(/['"\\\s]/g, ''))
  // Should the cutting below ever disagree with libavfilter's, these words still do not get through.
  if (loose) return `the filter ${loose[1]} could read or write other files`
  const reader = { text: graph, at: 0 }
  for (let count = 0; count < mostFilters; count++) {
    labels(reader)
    const name = token(reader, '=,;[').replace(/@.*$/, '')
    if (name === '') return 'a filter has no name'
    if (!filters.has(name)) return `the filter ${JSON.stringify(name.slice(0, 40))} is not among those allowed`
    if (reader.text[reader.at] === '=') {
      reader.at++
      const fault = optionsFault(name, token(reader, '[],;'))
      if (fault !== undefined) return fault
    }
    labels(reader)
    const next = reader.text[reader.at]
    if (next === undefined) return undefined
    if (next !== ',' && next !== ';') return `"${next}" is not expected in a filter graph`
    reader.at++
    space(reader)
    // A semicolon may end a graph.
    if (next === ';' && reader.at >= reader.text.length) return undefined
  }
  return `it has more than ${mostFilters} filters`
}

/**
 * A text as one value of one filter option, whatever is in it: escaped for what drawtext expands, where that is the filter,
 * then for the option, then for the graph.
 */
export function asFilterValue(text: string, graph: string): string {
  const plain = graph.includes('drawtext') ? text.replace(/[\\%]/g, String.raw`\$&`) : text
  return plain.replace(/[\\':]/g, String.raw`\$&`).replace(/[\\'[\],;]/g, String.raw`\$&`)
}

const mostFilters = 100

/** Filters that open what their options name, run foreign code, or take commands. */
const dangerous =
  /(?:^|[,;\]=:])(a?movie|subtitles|ass|a?sendcmd|a?zmq|lut1d|lut3d|a?metadata|removelogo|signature|vidstab\w*|frei0r\w*|ladspa|lv2|dnn_\w+|sr|derain|ocr|find_rect|cover_rect|libvmaf|psnr|ssim\w*|sofalizer|arnndn|asr|whisper|\w*opencl|deshake|curves|firequalizer|showcqt|buffer|abuffer|buffersink|abuffersink)(?:@\w+)?=/

/** Options that name a file, whatever the filter; `/key` has ffmpeg read the value from a file. */
const naming = /^\/|file|path|plugin|model|sofa|script|dump|plot|url|location|source|cmd|command|debug/i

function optionsFault(filter: string, options: string): string | undefined {
  const reader = { text: options, at: 0 }
  for (let isFirst = true; reader.at < options.length; isFirst = false) {
    const [whole = '', key] = /^\s*([^\s=:'\\]+)\s*=/.exec(options.slice(reader.at)) ?? []
    if (key !== undefined && naming.test(key)) return `the option ${key} of the filter ${filter} could name a file`
    // Its first option is the file of its font.
    if (key === undefined && filter === 'drawtext') return 'the options of drawtext need their names, as in text=hello'
    if (key === undefined && isFirst && options.startsWith('/')) return `an option of ${filter} begins with a slash`
    reader.at += whole.length
    const value = token(reader, ':')
    // Fontconfig's patterns have properties, and `file` is one of them.
    if (key === 'font' && /[:=]/.test(value)) return 'a font is given by its name alone'
    if (reader.text[reader.at] === ':') reader.at++
  }
  return undefined
}

interface Reader {
  readonly text: string
  at: number
}

/** Up to one of the ending characters: `\x` is x, quotes hold everything but themselves, spaces around are dropped. */
function token(reader: Reader, ends: string): string {
  space(reader)
  let found = ''
  let solid = 0
  for (; reader.at < reader.text.length; reader.at++) {
    const letter = reader.text[reader.at] ?? ''
    if (ends.includes(letter)) break
    if (letter === '\\' && reader.at + 1 < reader.text.length) {
      found += reader.text[++reader.at]
      solid = found.length
    } else if (letter === "'") {
      const end = reader.text.indexOf("'", reader.at + 1)
      found += reader.text.slice(reader.at + 1, end < 0 ? undefined : end)
      reader.at = end < 0 ? reader.text.length : end
      solid = found.length
    } else found += letter
  }
  return found.slice(0, solid) + found.slice(solid).trimEnd()
}

function labels(reader: Reader): void {
  space(reader)
  while (reader.text[reader.at] === '[') {
    reader.at++
    token(reader, ']')
    reader.at++
    space(reader)
  }
}

function space(reader: Reader): void {
  while (/[ \n\t\r]/.test(reader.text[reader.at] ?? '')) reader.at++
}
