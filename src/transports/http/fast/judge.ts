import type { Validators } from '@jackdaw/contract/nouns/media.ts'
import { parseContentRange, parseLength, statusFault } from '#kernel/http/answers.ts'
import type { Context } from '../context.ts'
import { Changed, Moved, Untrue } from '../signals.ts'
import { sameVersion, versionOf } from '../version.ts'
import { Unusual, type Head } from '#kernel/http/head.ts'

interface Asked {
  readonly from: number
  readonly to: number
  readonly total: number
  /** Without a range. */
  readonly whole: boolean
  /** No other lane runs. */
  readonly alone: boolean
}

/** Takes a head that is exactly the answer to what was asked; throws what is to be done about any other. */
export function judgeHead(context: Context, { status, fields }: Head, asked: Asked): void {
  const header = (name: string) => fields.get(name)
  if (status === 429 || status === 503) throw statusFault(status, header('retry-after'), Date.now())
  if ((status >= 300 && status < 400) || [400, 401, 403, 404, 410].includes(status)) throw new Moved(`HTTP ${status}`)
  if (status !== 200 && status !== 206) throw new Unusual(`HTTP ${status}`)
  if (fields.has('transfer-encoding') || !['', 'identity'].includes(header('content-encoding')?.toLowerCase() ?? '')) {
    throw new Unusual('an encoded body')
  }
  const length = parseLength(header('content-length'))
  if (length === undefined) throw new Unusual('no length')
  if (status === 206) {
    const range = parseContentRange(header('content-range'))
    checkVersion(context, versionOf(header, range?.total), asked.total)
    if (asked.whole || range?.from !== asked.from || range.to > asked.to) {
      throw new Untrue('the answer is not the range that was asked for')
    }
    if (length !== range.to - range.from) throw new Untrue('the length is not that of the range')
    if (range.to < asked.to) throw new Unusual('a shorter range')
    return
  }
  checkVersion(context, versionOf(header, length), asked.total)
  if (!asked.alone || asked.from > 0 || asked.to < asked.total) throw new Unusual('the whole file instead of a range')
  if (!asked.whole) context.ranges = false
}

function checkVersion(context: Context, version: Validators, total: number): void {
  const { landing } = context
  if (landing.version !== undefined && !sameVersion(landing.version, version)) throw new Changed('the file has changed')
  if (version.bytes !== total) throw new Unusual('another length than expected')
  landing.adopt(version)
}
