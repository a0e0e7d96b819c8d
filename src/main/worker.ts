import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '@jackdaw/contract/faults.ts'
import { combined, createBandwidth } from '#kernel/net/bandwidth.ts'
import { createGuard } from '#kernel/net/guard.ts'
import { createOutward } from '#kernel/net/outward.ts'
import { createPace } from '#kernel/net/pace.ts'
import { startWorker } from '#pipeline/worker.ts'
import type { Config } from './config.ts'
import type { Parts } from './parts.ts'

/** The role `worker`: the way out with its guard, and the worker behind it. */
export async function openWorker(parts: Parts): Promise<AsyncDisposable & { reload(config: Config): void }> {
  const { config, bus, settings } = parts
  await using stack = new AsyncDisposableStack()
  const secrets = join(config.data, 'secrets')
  await mkdir(secrets, { recursive: true, mode: 0o700 })

  const outward = stack.use(createOutward(createGuard({ allow: config.netAllow }), createPace()))
  const rate = () => settings.current().limits.bandwidth || undefined
  const house = createBandwidth(rate())
  stack.defer(bus.subscribe((message) => message.kind === 'settings' && house.limit(rate())))

  stack.use(
    startWorker({
      ...parts,
      secrets,
      unseal: (sealed, job) => parts.seal.open(sealed, job),
      outside: (_step, { signal, limit }) => ({
        http: (input, init) => outward.http(input, { ...init, signal: init?.signal ?? signal }),
        connect: (to) => outward.connect({ ...to, signal }),
        spawn: async () => {
          throw new Fault('house.absent', { reason: 'programs cannot be started yet' })
        },
        charge: combined(house, createBandwidth(limit)).charge,
        [Symbol.asyncDispose]: async () => {},
      }),
    }),
  )
  const open = stack.move()
  return {
    reload: () => {},
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  }
}
