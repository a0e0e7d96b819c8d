import type { Response as UndiciResponse } from 'undici'
import { Fault } from '@jackdaw/contract/faults.ts'

interface How {
  readonly isRedirected: boolean
  /** What the reader of the body is thrown. */
  readonly failed: (error: unknown) => unknown
  /** Called at least once when nothing more comes: the body was read, cancelled, broke or was forgotten. */
  readonly ended: () => void
}

/**
 * Makes the answers that callers see of undici's: faults in the body are translated, and `url` is defined, because a
 * response cannot be told it. Throws `source.refused` for a status that HTTP does not know.
 */
export function createPresenter(): (answer: UndiciResponse, how: How) => Response {
  // A body that was dropped unread would keep its connection for ever. `letGo` must not know the stream.
  const forgotten = new FinalizationRegistry<() => void>((letGo) => letGo())
  return (answer, { isRedirected, failed, ended }) => {
    const { status, statusText, headers, url, body } = answer
    if (status < 200 || status > 599) {
      body?.cancel().catch(() => undefined)
      throw new Fault('source.refused', { status })
    }
    const isEmpty = !body || [204, 205, 304].includes(status)
    if (isEmpty) {
      body?.cancel().catch(() => undefined)
      ended()
    }
    const passed = isEmpty ? null : pass(body.getReader(), failed, ended)
    const response = new Response(passed?.stream ?? null, { status, statusText, headers: [...headers] })
    if (passed) forgotten.register(passed.stream, passed.letGo)
    return Object.defineProperties(response, { url: { value: url }, redirected: { value: isRedirected } })
  }
}

function pass(reader: ReadableStreamDefaultReader<Uint8Array>, failed: How['failed'], ended: () => void) {
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          controller.close()
        } catch (error) {
          controller.error(failed(error))
        }
        ended()
      },
      cancel(reason) {
        ended()
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
  const letGo = () => {
    ended()
    reader.cancel().catch(() => undefined)
  }
  return { stream, letGo }
}
