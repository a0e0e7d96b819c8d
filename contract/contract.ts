import { house } from './operations/house.ts'
import { batches, jobs } from './operations/jobs.ts'
import { library } from './operations/library.ts'
import { queue } from './operations/queue.ts'

/** Every operation of Jackdaw. The boot fails when one of them has no handler. */
export const contract = { jobs, batches, queue, library, house }
export type Contract = typeof contract
