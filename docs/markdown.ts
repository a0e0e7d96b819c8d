/** The targets of links and pictures outside code. */
export function linksOf(text: string): string[] {
  const prose = text.replace(/^ {4}.*$|^```[\s\S]*?^```$/gm, '').replace(/(?<!\[)`[^`\n]*`(?!\])/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
}

/** The anchors that GitHub and its like give to headings. */
export function anchorsOf(text: string): Set<string> {
  const headings = text.matchAll(/^#+ +(.*)$/gm)
  return new Set([...headings].map(([, title = '']) => slug(title)))
}

function slug(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
}

/** The command lines of `jackdaw` in blocks of code and between backticks, without prompt, variables and remarks. */
export function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^ {4,}(.*)$/gm)].map(([, line = '']) => line)
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span)
  return [...blocks, ...spans]
    .map((line) =>
      line
        .replace(/^\$ /, '')
        .replace(/^(?:[A-Z_]+=\S* )+/, '')
        .replace(/\s+#.*$/, '')
        .trim(),
    )
    .filter((line) => /^(\.\/)?jackdaw +[\w-]/.test(line))
}

/** A command line as a shell would split it; quotes are the only thing that it may use. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)].map(([word]) => word.replace(/["']/g, ''))
}
