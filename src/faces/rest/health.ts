import type { FastifyInstance } from 'fastify'
import type { RestPorts } from './ports.ts'

/**
 * Health for people and orchestrators. `live`: this process answers. `startup`: the start is over. `ready`: requests can be
 * answered. All are public: they name services and states, no addresses.
 */
export function mountHealth(app: FastifyInstance, ports: Pick<RestPorts, 'health' | 'metrics' | 'version'>): void {
  const { health, metrics, version } = ports
  app.get('/health', async (_, reply) => {
    const services = await health.services()
    const lines = services.map(({ name, state, says }) => `${name}: ${state} - ${says}`)
    reply
      .status(health.isReady(services) ? 200 : 503)
      .type('text/plain; charset=utf-8')
      .header('cache-control', 'no-store')
    return await reply.send(`${health.overall(services)}\n${lines.join('\n')}\n`)
  })
  const probe = (path: string, test: () => Promise<boolean> | boolean, not: string) =>
    app.get(path, async (_, reply) => {
      const good = await test()
      reply
        .status(good ? 200 : 503)
        .type('text/plain; charset=utf-8')
        .header('cache-control', 'no-store')
      return await reply.send(good ? 'ok\n' : `${not}\n`)
    })
  probe('/health/live', () => true, '')
  probe('/health/startup', () => health.isStarted(), 'starting')
  probe('/health/ready', async () => health.isStarted() && health.isReady(await health.services()), 'not ready')
  app.get('/health/stats', async (_, reply) => {
    const services = await health.services()
    return await reply.header('cache-control', 'no-store').send({
      state: health.overall(services),
      version,
      uptimeSeconds: Math.round(process.uptime()),
      memoryBytes: process.memoryUsage.rss(),
      services,
    })
  })
  app.get('/metrics', async (_, reply) =>
    reply
      .type(metrics.contentType)
      .header('cache-control', 'no-store')
      .send(await metrics.text()),
  )
}
