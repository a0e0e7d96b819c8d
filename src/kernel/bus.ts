/** What processes of one installation tell each other. None of it is needed for correctness: whoever misses it looks again within a second. */
export type Message =
  /** Steps became ready or room was made: admission may find something. */
  | { readonly kind: 'ready' }
  /** Somebody paused or cancelled jobs: workers look whether they run their steps. None named: perhaps any. */
  | { readonly kind: 'asked'; readonly jobs: readonly string[] }
  /** Durable events were committed for these jobs. */
  | { readonly kind: 'events'; readonly jobs: readonly string[] }
  /** These jobs may have ended: what they left on disk goes. */
  | { readonly kind: 'ended'; readonly jobs: readonly string[] }
  /** A volatile event, as JSON of the contract's Event. */
  | { readonly kind: 'volatile'; readonly job: string; readonly account: string; readonly event: unknown }
  /** Settings changed. */
  | { readonly kind: 'settings' }

export interface Bus {
  /** To everybody, in this process at once. */
  publish(message: Message): void
  /** From another process: told on here, not sent out again. */
  receive(message: Message): void
  subscribe(listener: (message: Message) => void): () => void
  /** Called for each published message; the wire to other processes. */
  forward(out: (message: Message) => void): void
}

export function createBus(): Bus {
  const listeners = new Set<(message: Message) => void>()
  let wire: ((message: Message) => void) | undefined
  const receive = (message: Message) => {
    for (const listener of listeners) listener(message)
  }
  return {
    publish(message) {
      receive(message)
      wire?.(message)
    },
    receive,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    forward(out) {
      wire = out
    },
  }
}
