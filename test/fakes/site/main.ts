import { parseArgs } from 'node:util'
import { Site } from './site.ts'

// The fake site as a process of its own: prints one line of JSON with its port and origin, and serves until it is killed.
const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, tls: { type: 'boolean', default: false } },
})
const site = await Site.start({ port: Number(values.port), tls: values.tls })
process.stdout.write(`${JSON.stringify({ port: site.port, origin: site.origin, certificate: site.certificate })}\n`)
