import type { TestContext } from 'node:test'
import { serveRest } from '#faces/rest/server.ts'
import type { Rest } from '#faces/rest/server.ts'
import type { RestOptions, RestPorts } from '#faces/rest/ports.ts'
import { door } from '#app/door.ts'
import { assemble } from '#app/router.ts'
import type { AppRouter, Parts } from '#app/router.ts'
import { isReady, overall } from '#app/house/rules.ts'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Service } from '@jackdaw/contract/operations/house.ts'
import { fakeDoor, token } from './door.ts'
import type { FakeDoor } from './door.ts'
import { fakeParts } from './operations.ts'

/** A REST face on a free port over fake parts, closed when the test ends. */
export interface FakeRest {
  readonly rest: Rest
  readonly ports: FakeDoor
  readonly router: AppRouter
  readonly logged: Record<string, unknown>[]
  readonly answered: { route: string; status: number }[]
  watching: number
  services: Service[]
  started: boolean
  /** fetch with the owner's token. */
  call(path: string, init?: RequestInit): Promise<Response>
}

export async function fakeRest(
  t: TestContext,
  how: {
    readonly parts?: { readonly [Group in keyof Parts]?: Partial<Parts[Group]> }
    readonly files?: RestPorts['files']
    readonly capabilities?: ReadonlySet<string>
    readonly options?: RestOptions
  } = {},
): Promise<FakeRest> {
  const ports = fakeDoor()
  const capabilities = how.capabilities ?? new Set(['library'])
  const router = assemble(fakeParts(how.parts), { door: door(ports), capabilities })
  const logged: Record<string, unknown>[] = []
  const answered: { route: string; status: number }[] = []
  const log = (fields: object) => void logged.push({ ...fields })
  const noFiles = async () => await Promise.reject(new Fault('input.unknown', { noun: 'file', id: 'x' }))
  const rest = await serveRest(
    {
      router,
      files: how.files ?? { byLink: noFiles, thumbnail: noFiles },
      health: { services: async () => fake.services, isReady, overall, isStarted: () => fake.started },
      metrics: {
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        text: async () => '# nothing\n',
        request: ({ route, status }) => void answered.push({ route, status }),
        watching: (change) => void (fake.watching += change),
      },
      log: { info: log, warn: log, error: log },
      version: '1.2.3',
    },
    { port: 0, drainMs: 500, ...how.options },
  )
  t.after(() => rest[Symbol.asyncDispose]())
  const fake: FakeRest = {
    rest,
    ports,
    router,
    logged,
    answered,
    watching: 0,
    services: [{ name: 'database', state: 'ok', says: 'answers' }],
    started: true,
    call: (path, init = {}) =>
      fetch(rest.url + path, { ...init, headers: { authorization: `Bearer ${token}`, ...(init.headers as object) } }),
  }
  return fake
}
