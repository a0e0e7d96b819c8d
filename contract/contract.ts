import { house } from './operations/house.ts'
import { batches, jobs } from './operations/jobs.ts'
import { library } from './operations/library.ts'
import { preferences } from './operations/preferences.ts'
import { queue } from './operations/queue.ts'
import { recipes } from './operations/recipes.ts'

/** Every operation of Jackdaw. The boot fails when one of them has no handler. */
export const contract = { jobs, batches, recipes, preferences, queue, library, house }
export type Contract = typeof contract
