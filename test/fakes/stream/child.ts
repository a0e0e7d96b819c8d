import { createHlsTransport } from '#transports/segments/hls.ts'
import { streamRun } from './run.ts'

/** A process that fetches a stream into a folder by two lanes, to be killed: `child.ts DIR URL`. */
const [dir = '', url = ''] = process.argv.slice(2)
const run = await streamRun<{ isLive: boolean; segments: number; bytes: number }>({ dir })
const hls = createHlsTransport()
const part = { transport: 'hls', name: 'film.mp4', site: '127.0.0.1', request: { url } }
await hls.fetch(part, hls.options.parse({ connections: 2 }), run)
