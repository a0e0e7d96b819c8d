export interface Together<I, O> {
  readonly one: (item: I) => Promise<O>
  /** The same for several at once, all or nothing; answers in their order. */
  readonly all: (items: readonly I[]) => Promise<readonly O[]>
  readonly most: number
}

/**
 * Calls that come while one is under way go together into the next: a lone call waits for nobody, and many share one
 * round trip, one commit and one wait for the disk. Each gets its own answer or failure.
 */
export function together<I, O>({ one, all, most }: Together<I, O>): (item: I) => Promise<O> {
  interface Waiting {
    readonly item: I
    readonly resolve: (answer: O | PromiseLike<O>) => void
    readonly reject: (error: unknown) => void
  }
  let waiting: Waiting[] = []
  let underWay = false

  const send = async (group: readonly Waiting[]) => {
    const [first] = group
    if (group.length === 1 && first) return await one(first.item).then(first.resolve, first.reject)
    try {
      const answers = await all(group.map(({ item }) => item))
      for (const [index, { resolve }] of group.entries()) resolve(answers[index] as O)
    } catch {
      // One that cannot be written must not take the others with it: alone, each gets its own answer.
      for (const { item, resolve, reject } of group) await one(item).then(resolve, reject)
    }
  }

  const run = async () => {
    while (waiting.length > 0) {
      const group = waiting.slice(0, most)
      waiting = waiting.slice(most)
      await send(group)
    }
    underWay = false
  }

  return (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<O>()
    waiting.push({ item, resolve, reject })
    if (!underWay) {
      underWay = true
      void run()
    }
    return promise
  }
}
