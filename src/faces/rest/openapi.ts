import { OpenAPIGenerator } from '@orpc/openapi'
import type { OpenAPI } from '@orpc/openapi'
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4'
import type { AnyContractRouter } from '@orpc/contract'
import { traverseContractProcedures } from '@orpc/server'
import type { AnyRouter } from '@orpc/server'
import { catalogue } from '@jackdaw/contract/faults.ts'
import { problemType, Problem } from '@jackdaw/contract/problem.ts'
import { apiPrefix } from './operations.ts'

const groups = {
  jobs: 'Wishes and what becomes of them',
  queue: 'What waits, what runs and how much of it',
  library: 'What is kept, and signed links to it',
  house: 'How the house is',
}

/** The OpenAPI 3.1 document of the operations that are mounted, or of a whole contract. */
export async function openapi(
  router: AnyRouter | AnyContractRouter,
  about: { readonly version: string; readonly url?: string },
): Promise<OpenAPI.Document> {
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] })
  const document = await generator.generate(router, {
    info: {
      title: 'Jackdaw',
      version: about.version,
      description:
        'Fetch what is behind a link and deliver it. Repeating a change is safe with an `Idempotency-Key` header. ' +
        'Errors are `application/problem+json` (RFC 9457) with a `code` of the fault catalogue.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: `${about.url ?? ''}${apiPrefix}` }],
    tags: Object.entries(groups).map(([name, description]) => ({ name, description })),
    security: [{ bearer: [] }, { token: [] }],
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'The token of the file `token` in the data folder' },
        token: { type: 'apiKey', in: 'header', name: 'X-API-Token' },
      },
    },
    commonSchemas: { Problem: { schema: Problem, strategy: 'output' } },
    customErrorResponseBodySchema: () => null,
  })
  addErrors(document, router)
  return document
}

/** The statuses that an operation may answer with besides success. */
const errors: Readonly<Record<string, { readonly says: string; readonly when?: 'id' | 'change' }>> = {
  401: { says: catalogue['access.unauthenticated'].says },
  403: { says: catalogue['access.denied'].says },
  404: { says: 'There is no such thing.', when: 'id' },
  409: { says: 'This cannot be done now.', when: 'change' },
  413: { says: 'The request is too large.', when: 'change' },
  422: { says: 'The request is not valid; the detail says where.' },
  500: { says: 'Something went wrong inside Jackdaw; the log has the details under the request id.' },
  503: { says: 'Jackdaw or its database is stopping or starting; try again.' },
}

function addErrors(document: OpenAPI.Document, router: AnyRouter | AnyContractRouter): void {
  traverseContractProcedures({ router, path: [] }, ({ contract }) => {
    const { method = 'POST', path = '' } = contract['~orpc'].route
    const operation = document.paths?.[path]?.[method.toLowerCase() as 'get']
    if (operation === undefined) return
    operation.responses ??= {}
    for (const [status, { says, when }] of Object.entries(errors)) {
      if (when === 'id' && !path.includes('{')) continue
      if (when === 'change' && method === 'GET') continue
      operation.responses[status] = {
        description: says,
        content: { [problemType]: { schema: { $ref: '#/components/schemas/Problem' } } },
      }
    }
    if (method !== 'GET')
      operation.parameters = [
        ...(operation.parameters ?? []),
        {
          name: 'Idempotency-Key',
          in: 'header',
          required: false,
          description: 'A repetition with the same key and input gets the first answer, for a day.',
          schema: { type: 'string', minLength: 1, maxLength: 255 },
        },
      ]
  })
}
