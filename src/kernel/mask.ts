/** What stands where a secret was. */
const masked = '***'

/**
 * A text without its secrets: user and password in URLs, values of query keys that sound like tokens, Authorization and
 * Cookie headers, bearer and bot tokens, and each of the `secrets` that are known. Linear in the length of the text;
 * rather masks too much than too little.
 */
export function maskText(text: string, secrets: Iterable<string> = []): string {
  let shown = text
  for (const secret of byLength(secrets)) shown = shown.replaceAll(secret, masked)
  return shown
    .replace(userInfo, `$1${masked}@`)
    .replace(queryPair, (pair, before: string, key: string) =>
      isSecretKey(decoded(key)) ? `${before}${key}=${masked}` : pair,
    )
    .replace(header, (_, name: string, between: string, value: string) => {
      const quote = /^["']/.exec(value)?.[0] ?? ''
      return `${name}${between}${quote}${masked}${quote}`
    })
    .replace(bearer, `$1 ${masked}`)
    .replace(botToken, masked)
}

/**
 * The same for anything that can be logged: every string in it, at any depth, and whole values under names that sound like
 * secrets. Errors become objects with type, message, stack, code and cause. The original is not changed.
 */
export function maskValue(value: unknown, secrets: Iterable<string> = []): unknown {
  return walk(value, [...secrets], 0)
}

/** Names of fields and query keys under which there is a secret. */
const secretName =
  /token|secret|passw|passphrase|credential|authorization|cookie|signature|api[-_]?key|private[-_]?key|access[-_]?key/i
/** Short words that are secrets in a query only: a fault has a `code`, S3 a `key`, and a session is a noun of ours. */
const secretQuery =
  /(?:^|[-_.])(?:sig|sid|auth|jwt|key|code|otp|pin|pwd|hmac|policy|session)$|session_?id|^hd(?:nts|nea|ntl)$/i

// Each pattern starts at a fixed mark (`://`, `?`, a word) and runs to a character that it cannot pass, so that no text
// makes it look twice at the same place. The bound on the scheme keeps `aaaa…` from being tried from every letter.
const userInfo = /(\b[a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/?#"'<>]*@/gi
const queryPair = /([?&#;])([\w.%[\]-]{1,64})=[^&#\s"'<>\\]*/g
const header =
  /\b((?:proxy-)?authorization|(?:set-)?cookie2?|x-api-key|x-auth-token|x-csrf-token)\b(\\?["']?\s{0,8}[:=]\s{0,8})("[^"\r\n]*"|'[^'\r\n]*'|[^\r\n]+)/gi
const bearer = /\b(bearer)\s+[\w.~+/=-]+/gi
/** A token of Telegram's Bot API: the bot's id, a colon, 35 characters. */
const botToken = /(?<!\d)\d{6,14}:[\w-]{30,64}/g

/** Deeper than this nothing that we log goes; a ring ends here too. */
const mostDepth = 8

function walk(value: unknown, secrets: readonly string[], depth: number): unknown {
  if (typeof value === 'string') return maskText(value, secrets)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= mostDepth) return '…'
  if (Array.isArray(value)) return value.map((item) => walk(item, secrets, depth + 1))
  if (value instanceof Date || ArrayBuffer.isView(value))
    return value instanceof Date ? value : `${value.byteLength} bytes`
  const fields = value instanceof Error ? errorFields(value) : Object.entries(value)
  return Object.fromEntries(
    fields.map(([key, inner]) => {
      // Numbers and booleans under such a name count secrets or say that there are some.
      const hidden =
        secretName.test(key) && (typeof inner === 'string' || (typeof inner === 'object' && inner !== null))
      return [key, hidden ? masked : walk(inner, secrets, depth + 1)]
    }),
  )
}

function errorFields(error: Error): [string, unknown][] {
  const { name, message, stack, cause, ...own } = error
  const fields: [string, unknown][] = [['type', name], ['message', message], ['stack', stack], ...Object.entries(own)]
  return cause === undefined ? fields : [...fields, ['cause', cause]]
}

function isSecretKey(key: string): boolean {
  return secretName.test(key) || secretQuery.test(key)
}

function byLength(secrets: Iterable<string>): string[] {
  const spellings = [...secrets].flatMap((secret) => [secret, encodeURIComponent(secret.toWellFormed())])
  // The longest first: a secret that contains another must go as a whole.
  return [...new Set(spellings)].filter((secret) => secret !== '').sort((a, b) => b.length - a.length)
}

function decoded(key: string): string {
  try {
    return decodeURIComponent(key)
  } catch {
    return key // not encoded at all; judged as it stands
  }
}
