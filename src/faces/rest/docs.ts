import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { openapi } from './openapi.ts'
import type { RestPorts } from './ports.ts'

const files = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
} as const

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Jackdaw API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<div id="ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</html>
`

const start = `SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#ui', deepLinking: true, validatorUrl: null })\n`

/** Everything comes from here, nothing from elsewhere; the library writes style attributes. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** `/api/openapi.json` and a page to read and try it. */
export function mountDocs(
  app: FastifyInstance,
  ports: Pick<RestPorts, 'router' | 'version'>,
  options: { readonly publicUrl?: string },
): void {
  let document: Promise<string> | undefined
  app.get('/api/openapi.json', async (_, reply) => {
    document ??= openapi(ports.router, {
      version: ports.version,
      ...(options.publicUrl === undefined ? {} : { url: options.publicUrl.replace(/\/$/, '') }),
    }).then((made) => JSON.stringify(made))
    return await reply.type('application/json; charset=utf-8').send(await document)
  })
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))
  const serve = (path: string, type: string, body: () => Promise<string | Buffer>) =>
    app.get(path, async (_, reply) => {
      reply.type(type).header('content-security-policy', policy).header('cache-control', 'no-cache')
      return await reply.send(await body())
    })
  serve('/api/docs', 'text/html; charset=utf-8', async () => page)
  serve('/api/docs/start.js', files['swagger-ui-bundle.js'], async () => start)
  for (const [name, type] of Object.entries(files))
    serve(`/api/docs/${name}`, type, async () => await readFile(join(folder, name)))
}
