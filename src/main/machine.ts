import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newId } from '#kernel/ids.ts'
import { writeOnce } from '#kernel/files.ts'

/** Names the machine by its data folder: scratch files can only be found where that is. Made at the first start. */
export async function machineId(data: string): Promise<string> {
  const path = join(data, 'machine')
  await writeOnce(path, newId())
  return (await readFile(path, 'utf8')).trim()
}
