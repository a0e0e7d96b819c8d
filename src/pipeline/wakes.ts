import type { Pool } from 'pg'
import { listen } from '#db/listen.ts'
import type { Log } from '#db/log.ts'
import type { Bus, Message } from '#kernel/bus.ts'

export interface WakesHow {
  readonly bus: Bus
  readonly pool: Pool
  readonly url: string
  /** Names this process, so that it does not hear itself. */
  readonly house: string
  readonly log: Log
}

const channel = 'jackdaw'
// NOTIFY takes one lock for the whole database at commit, so it is never part of a change's transaction: messages are
// gathered for this long and sent together. Measured: 200 a second cost nothing that shows.
const gatherMs = 5
// While the database is away; what is older is not worth keeping.
const mostPending = 2_000
// The protocol's limit for a payload is 8000 bytes.
const mostBytes = 7900

/** Connects the bus with the other processes on the same database by LISTEN and NOTIFY. */
export async function connectWakes({ bus, pool, url, house, log }: WakesHow): Promise<AsyncDisposable> {
  let pending: Message[] = []
  let timer: NodeJS.Timeout | undefined
  let sending: Promise<void> = Promise.resolve()

  const send = async (messages: readonly Message[]) => {
    for (const payload of payloads(house, messages)) await pool.query('select pg_notify($1, $2)', [channel, payload])
  }
  const flush = async () => {
    const messages = gather(pending)
    pending = []
    // Whoever misses a wake looks again by itself, so a failure costs a second and is not worth an alarm.
    await send(messages).catch((error: unknown) => log.debug({ err: error }, 'wake not sent'))
    timer = undefined
    if (pending.length > 0) arm()
  }
  // While a batch is on its way the next one gathers: a slow database makes batches longer, not many.
  const arm = () => {
    timer ??= setTimeout(() => void (sending = flush()), gatherMs)
  }
  bus.forward((message) => {
    pending.push(message)
    if (pending.length > mostPending) pending = gather(pending).slice(-mostPending / 2)
    arm()
  })
  const listening = await listen({
    url,
    channels: [channel],
    name: 'jackdaw wakes',
    log,
    onNotify: (_channel, payload) => {
      const { from, messages } = JSON.parse(payload) as { from: string; messages: Message[] }
      if (from !== house) for (const message of messages) bus.receive(message)
    },
    onReconnect: () => {
      bus.receive({ kind: 'settings' })
      bus.receive({ kind: 'ready' })
      bus.receive({ kind: 'asked', jobs: [] })
      bus.receive({ kind: 'events', jobs: [] })
    },
  })
  return {
    async [Symbol.asyncDispose]() {
      bus.forward(() => {})
      clearTimeout(timer)
      await sending
      if (pending.length > 0) await flush()
      clearTimeout(timer)
      await listening[Symbol.asyncDispose]()
    },
  }
}

/** One message of each kind that says the same; of volatile ones only the newest per step survives. */
export function gather(messages: readonly Message[]): Message[] {
  const plain = new Map<string, Message>()
  const lists = new Map<'asked' | 'events' | 'ended', Set<string>>()
  for (const message of messages) {
    switch (message.kind) {
      case 'ready':
      case 'settings':
        plain.set(message.kind, message)
        break
      case 'volatile': {
        const { type, data } = message.event as { type: string; data: { step?: string } }
        plain.set(`${message.job} ${type} ${data.step ?? ''}`, message)
        break
      }
      default: {
        const jobs = lists.get(message.kind) ?? new Set()
        for (const job of message.jobs) jobs.add(job)
        lists.set(message.kind, jobs)
      }
    }
  }
  return [...plain.values(), ...[...lists].map(([kind, jobs]) => ({ kind, jobs: [...jobs] }))]
}

/** As few payloads as fit the limit; a message that is too long alone is cut into several, or left out if it cannot be. */
export function payloads(from: string, messages: readonly Message[]): string[] {
  const out: string[] = []
  let size = 0
  let batch: string[] = []
  const close = () => {
    if (batch.length > 0) out.push(`{"from":${JSON.stringify(from)},"messages":[${batch.join(',')}]}`)
    batch = []
    size = 0
  }
  for (const message of messages.flatMap(cut)) {
    const text = JSON.stringify(message)
    const bytes = Buffer.byteLength(text) + 1
    if (bytes > mostBytes - 100) continue
    if (size + bytes > mostBytes - 100) close()
    batch.push(text)
    size += bytes
  }
  close()
  return out
}

function cut(message: Message): Message[] {
  if (!('jobs' in message) || message.jobs.length <= 200) return [message]
  const pieces: Message[] = []
  for (let at = 0; at < message.jobs.length; at += 200)
    pieces.push({ ...message, jobs: message.jobs.slice(at, at + 200) })
  return pieces
}
