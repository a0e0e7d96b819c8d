import type { EngineView } from '@jackdaw/contract/operations/house.ts'
import { os } from '../door.ts'
import { examine } from './health.ts'
import type { HealthPorts } from './health.ts'
import type { Metrics } from './metrics.ts'

export interface HousePorts extends HealthPorts {
  readonly version: string
  readonly environment: string
  readonly startedAt: Date
  /** Every capability that there could be, with the reason when it is absent. */
  readonly capabilities: () => readonly { readonly name: string; readonly available: boolean; readonly says: string }[]
  readonly metrics: Pick<Metrics, 'summary'>
}

/** The handlers of `house.*`. */
export function houseOperations(ports: HousePorts) {
  return {
    status: os.house.status.handler(async () => ({
      version: ports.version,
      environment: ports.environment,
      startedAt: ports.startedAt.toISOString(),
      services: await examine(ports),
      capabilities: [...ports.capabilities()],
    })),
    engines: os.house.engines.handler(async (): Promise<EngineView[]> => [...(await ports.engines())]),
    metrics: os.house.metrics.handler(async () => await ports.metrics.summary()),
  }
}
