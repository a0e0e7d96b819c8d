/**
 * The words of a command line as a POSIX shell would cut them (quotes and backslashes, section 2.2), and no more: nothing
 * is expanded and nothing is ever run by a shell. Throws an `Error` that says what is wrong.
 */
export function words(line: string): string[] {
  const found: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length; at++) {
    const letter = line[at] ?? ''
    if (/\s/.test(letter)) {
      if (word !== undefined) found.push(word)
      word = undefined
    } else if (letter === "'") {
      const end = line.indexOf("'", at + 1)
      if (end < 0) throw new Error("a ' has no partner")
      word = (word ?? '') + line.slice(at + 1, end)
      at = end
    } else if (letter === '"') {
      const quoted = /^(?:[^"\\]|\\[\s\S])*/.exec(line.slice(at + 1))?.[0] ?? ''
      if (line[at + 1 + quoted.length] !== '"') throw new Error('a " has no partner')
      word = (word ?? '') + quoted.replace(/\\(["\\$`\n])/g, (_, escaped: string) => (escaped === '\n' ? '' : escaped))
      at += quoted.length + 1
    } else if (letter === '\\') {
      at++
      if (at >= line.length) throw new Error('nothing follows the last \\')
      if (line[at] !== '\n') word = (word ?? '') + line[at]
    } else word = (word ?? '') + letter
  }
  if (word !== undefined) found.push(word)
  return found
}
