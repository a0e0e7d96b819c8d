// Control characters, line and paragraph separators, and what turns or hides text on a screen.
const unfit = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB]+/gu

/** Any text from outside as a title: one line of at most 200 characters, fit for a terminal and for the database. */
export function cleanTitle(text: string): string {
  const line = text.toWellFormed().replaceAll(unfit, ' ').replaceAll(/ {2,}/g, ' ').trim()
  // By characters, not by units: half an emoji cannot be stored.
  return line.length <= 200 ? line : [...line].slice(0, 200).join('').trimEnd()
}

/** Whether PostgreSQL can store every text in a value: no NUL and no half of a surrogate pair (RFC 8259, section 8.2). */
export function isStorable(value: unknown): boolean {
  return !(JSON.stringify(value) ?? '').match(unstorable)
}

/** A value as JSON that PostgreSQL can store: what it could not is U+FFFD. For what sites, files and programs say. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value)
  // Nearly no text has an escape in it, and looking for one costs far less than the expression.
  return text.includes('\\u') ? text.replace(unstorable, '$1\uFFFD') : text
}

// JSON escapes these two and other control characters, nothing else.
const unstorable = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g
