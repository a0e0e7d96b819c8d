import { join } from 'node:path'
import { writeOnce } from '#kernel/files.ts'
import { newId } from '#kernel/ids.ts'

/** Names the machine by its data folder: scratch files can only be found where that is. Made at the first start. */
export async function machineId(data: string): Promise<string> {
  return (await writeOnce(join(data, 'machine'), `${newId()}\n`)).toString().trim()
}
