import { types, type CustomTypesConfig } from 'pg'

/**
 * How values of a result become JavaScript, for one pool and never for the whole process: int8 as number, timestamptz
 * as Date, date as the text `2026-11-20` (a Date would be midnight of the server's zone). numeric stays text, so cast
 * sums: `sum(bytes)::int8`.
 */
export const resultTypes: CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary') {
      if (oid === types.builtins.INT8) return wholeNumber
      if (oid === types.builtins.DATE) return asText
      if (oid === int8Array) return int8s
    }
    return types.getTypeParser(oid, format)
  },
}

// pg_type.oid of int8[], which the driver has no name for.
const int8Array = 1016

/** Rather no answer than a rounded one. */
function wholeNumber(text: string): number {
  const number = Number(text)
  if (!Number.isSafeInteger(number)) throw new RangeError(`${text} does not fit a number: select it as text`)
  return number
}

function asText(text: string): string {
  return text
}

function int8s(text: string): (number | null)[] {
  const inner = text.slice(1, -1)
  if (inner === '') return []
  return inner.split(',').map((item) => (item === 'NULL' ? null : wholeNumber(item)))
}
