/**
 * The first of several places that can be had: the next attempt starts when one has failed or after `headStartMs`
 * (250 ms: RFC 8305 section 8), and the losers are aborted. Throws the first error when all fail.
 */
export async function firstOf<P, T extends { destroy(): unknown }>(
  places: readonly P[],
  attempt: (place: P, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  headStartMs = 250,
): Promise<T> {
  const race = new AbortController()
  const stop = AbortSignal.any([signal, race.signal])
  const won = Promise.withResolvers<T>()
  const errors: unknown[] = []
  let next = 0
  let timer: NodeJS.Timeout | undefined

  const start = () => {
    clearTimeout(timer)
    const place = places[next++]
    if (place === undefined || race.signal.aborted) return
    if (next < places.length) timer = setTimeout(start, headStartMs)
    attempt(place, stop).then(
      (value) => {
        if (race.signal.aborted) value.destroy()
        else {
          race.abort()
          won.resolve(value)
        }
      },
      (error: unknown) => {
        errors.push(error)
        if (errors.length === places.length) won.reject(errors[0])
        else start()
      },
    )
  }

  start()
  try {
    return await won.promise
  } finally {
    clearTimeout(timer)
  }
}
