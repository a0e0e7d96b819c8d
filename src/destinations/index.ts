import type { Destination } from '#pipeline/engine.ts'
import type { Store } from '#pipeline/store.ts'
import { folder } from './folder/destination.ts'
import { library } from './library/destination.ts'

/** Every way out. A new one is a folder and a line here. */
export const destinations = (store: Store): readonly Destination[] => [folder, library(store)]
