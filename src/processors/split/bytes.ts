import { Fault } from '@jackdaw/contract/faults.ts'
import { writePieces } from '#kernel/pieces.ts'
import { safeName } from '#kernel/names.ts'
import type { Place } from '#kernel/outputs.ts'
import type { LocalAsset, Run } from '#pipeline/engine.ts'

/** More parts are nobody's wish: three digits number 999. */
const mostParts = 999

/** `x.mp4.001` and so on, each of so many bytes but the last. Needs no program. */
export async function splitByBytes(
  asset: LocalAsset,
  bytes: number,
  run: Run<unknown>,
  at: Place,
): Promise<readonly LocalAsset[]> {
  const count = Math.ceil(asset.bytes / Math.max(1, bytes))
  if (count > mostParts) {
    throw new Fault('process.failed', {
      reason: `${asset.name} would be ${count} parts; at most ${mostParts} are made`,
    })
  }
  const made: LocalAsset[] = []
  let done = 0
  const onBytes = (more: number) => {
    done += more
    run.report({ unit: 'bytes', done, of: asset.bytes })
  }
  for (let index = 0; index < count; index += 1) {
    const number = String(index + 1).padStart(3, '0')
    const path = at(`${asset.id}.${number}`)
    const piece = { path: asset.path, from: index * bytes, to: Math.min((index + 1) * bytes, asset.bytes) }
    const sha256 = await writePieces([piece], path, { signal: run.signal, onBytes })

    const name = safeName(`${asset.name}.${number}`)
    made.push(await run.keep(path, { name, type: 'application/octet-stream', sha256 }))
  }
  const how = `cat '${asset.name}'.??? > '${asset.name}', or copy /b on Windows, or send the parts to the processor join`
  run.log({ asset: asset.id, parts: count, how }, 'the parts become the file again when they are put one after another')
  return made
}
