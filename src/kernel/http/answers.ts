import { Fault, type Facts } from '@jackdaw/contract/faults.ts'

/** What an HTTP status other than 2xx means for a fetch, as a fault; `undefined` when it is a success. */
export function statusFault(status: number, retryAfter: string | null | undefined, now: number): Fault | undefined {
  if (status >= 200 && status < 300) return undefined
  const wait = retryAfterSeconds(retryAfter, now)
  const facts: Facts = { status, ...(wait === undefined ? {} : { retryAfterSeconds: wait }) }
  const reason = `HTTP ${status}`
  if (status === 404 || status === 410) return new Fault('source.gone', { ...facts, reason })
  if (status === 401 || status === 403 || status === 407) return new Fault('source.denied', { ...facts, reason })
  if (status === 451) return new Fault('source.denied', { ...facts, reason: 'HTTP 451, for legal reasons' })
  if (status === 429 || status === 503) return new Fault('source.throttled', facts)
  // 408 and 425 are the two client errors that a server itself asks to repeat (RFC 9110 15.5.9, RFC 8470).
  if (status >= 500 || status === 408 || status === 425) return new Fault('source.broken', { ...facts, reason })
  return new Fault('source.refused', facts)
}

/** Seconds of a Retry-After header, which is a number or a date (RFC 9110 10.2.3); at most a day is believed. */
export function retryAfterSeconds(value: string | null | undefined, now: number): number | undefined {
  if (value === null || value === undefined) return undefined
  const text = value.trim()
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000
  return Number.isFinite(seconds) ? Math.min(86_400, Math.max(0, Math.ceil(seconds))) : undefined
}

export type ContentRange = { readonly from: number; readonly to: number; readonly total: number | undefined }

/** `bytes 0-99/200` as the half-open range 0…100 of 200 (RFC 9110 14.4); `undefined` when it is anything else. */
export function parseContentRange(value: string | null | undefined): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(value?.trim() ?? '')
  if (!match) return undefined
  const [from, last] = [Number(match[1]), Number(match[2])]
  const total = match[3] === '*' ? undefined : Number(match[3])
  if (last < from || (total !== undefined && last >= total)) return undefined
  return { from, to: last + 1, total }
}

/** Content-Length as a number; `undefined` when absent or not plainly one number. */
export function parseLength(value: string | null | undefined): number | undefined {
  return value !== null && value !== undefined && /^\d{1,15}$/.test(value.trim()) ? Number(value) : undefined
}
