import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createORPCClient, mapEventIterator, ORPCError } from '@orpc/client'
import { OpenAPILink } from '@orpc/openapi-client/fetch'
import { z } from 'zod'
import { contract } from '@jackdaw/contract/contract.ts'
import { Fault, FaultView, fromView } from '@jackdaw/contract/faults.ts'
import type { Client, Session } from '#faces/cli/host.ts'

/** What a running server leaves in the data folder, mode 0600: DATA/server.json. */
export const ServerFile = z.object({
  url: z.url({ protocol: /^https?$/ }),
  token: z.string().min(1),
  pid: z.number().int().positive(),
  startedAt: z.string(),
})
export type ServerFile = z.infer<typeof ServerFile>

export const serverFilePath = (data: string): string => join(data, 'server.json')

/** A client of the server that runs on this data folder; undefined when none does. */
export async function connect(data: string, signal?: AbortSignal): Promise<Session | undefined> {
  const server = await readServerFile(data)
  if (server === undefined || !isAlive(server.pid) || !(await answers(server, signal))) return undefined
  return {
    client: remoteClient(async () => (await readServerFile(data)) ?? server),
    where: 'server',
    url: server.url,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/**
 * A client over the public REST API. `server` is asked before each call, so that one that was restarted elsewhere is found
 * again. Throws the house's faults as they are, and `house.unreachable` when nobody answers.
 */
export function remoteClient(server: () => Promise<Pick<ServerFile, 'url' | 'token'>>): Client {
  const link = new OpenAPILink(contract, {
    url: async () => `${(await server()).url.replace(/\/$/, '')}/api/v1`,
    // The key makes a call safe to repeat whose answer was lost on the way.
    headers: async () => ({ authorization: `Bearer ${(await server()).token}`, 'idempotency-key': randomUUID() }),
    fetch: async (request, init) => {
      const response = await reach(request, init)
      if (response.ok) return response
      const fault = await faultOf(response)
      if (fault !== undefined) throw fault
      return response
    },
    interceptors: [
      async (options) => {
        const output = await options.next()
        return isWatch(output)
          ? mapEventIterator(output, { value: async (value) => value, error: faultInWatch })
          : output
      },
    ],
  })
  return createORPCClient(link)
}

/** A watch may fail long after its answer began; its faults arrive as oRPC's errors with our view. */
async function faultInWatch(thrown: unknown): Promise<unknown> {
  const view = thrown instanceof ORPCError ? FaultView.safeParse(thrown.data) : undefined
  return view?.success === true ? fromView(view.data) : thrown
}

function isWatch(output: unknown): output is AsyncIteratorObject<unknown, unknown, void> {
  return typeof output === 'object' && output !== null && Symbol.asyncIterator in output
}

/** Pauses before a call is repeated: long enough for a connection that a restart cut, too short for anybody to notice. */
const repeatMs = [100, 300]

async function reach(request: Request, init: RequestInit): Promise<Response> {
  for (const pauseMs of repeatMs) {
    try {
      return await fetch(request.clone(), init)
    } catch (error) {
      if (request.signal.aborted) throw error
      await sleep(pauseMs, undefined, { signal: request.signal })
    }
  }
  try {
    return await fetch(request, init)
  } catch (error) {
    if (request.signal.aborted) throw error
    const cause = error instanceof Error ? error.cause : undefined
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : 'no connection'
    throw new Fault('house.unreachable', { reason }, { cause: error })
  }
}

/** RFC 9457 with our code and facts. Anything else (a proxy's page, oRPC's own form) is left to the caller. */
async function faultOf(response: Response): Promise<Fault | undefined> {
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    const problem = Problem.safeParse(await response.json().catch(() => undefined))
    if (problem.success) return fromView({ says: '', ...problem.data })
  }
  const gateway = [502, 503, 504].includes(response.status)
  return gateway ? new Fault('house.unreachable', { reason: `status ${response.status}` }) : undefined
}

const Problem = FaultView.omit({ says: true }).extend({
  next: FaultView.shape.next.catch('stop'),
  facts: FaultView.shape.facts.catch({}),
})

async function readServerFile(data: string): Promise<ServerFile | undefined> {
  try {
    return ServerFile.safeParse(JSON.parse(await readFile(serverFilePath(data), 'utf8'))).data
  } catch {
    // Absent, or just being written: no server that we could ask.
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function answers(server: ServerFile, signal?: AbortSignal): Promise<boolean> {
  try {
    // A live server answers in a millisecond; a busy one within this.
    const limit = AbortSignal.timeout(2000)
    const url = new URL('/health/live', server.url)
    const response = await fetch(url, { signal: signal === undefined ? limit : AbortSignal.any([signal, limit]) })
    await response.body?.cancel()
    return response.ok
  } catch {
    // Nobody there: the file is what a kill -9 left.
    return false
  }
}
