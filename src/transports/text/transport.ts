import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { Fault } from '@jackdaw/contract/faults.ts'
import type { Transport } from '#pipeline/engine.ts'

const Request = z.object({ text: z.string() })

/** A text that came with the answer of a source, such as the list of a playlist: written, not fetched. */
export const text: Transport<unknown, unknown> = {
  name: 'text',
  title: 'Texts that came with the answer',
  tools: [],
  options: z.unknown(),
  checkpoint: z.unknown(),
  async fetch(part, _options, run) {
    run.signal.throwIfAborted()
    const request = Request.safeParse(part.request)
    if (!request.success) throw new Fault('house.bug', { incident: 'part' }, { cause: request.error })
    const path = join(run.dir, 'text')
    await writeFile(path, request.data.text)
    return [await run.keep(path, { name: part.name, type: part.type ?? 'text/plain' })]
  },
}
