import type { Destination } from '#pipeline/engine.ts'
import { folder } from './folder/destination.ts'
import { library, type Keeper } from './library/destination.ts'

/** Every way out. A new one is a folder and a line here. */
export const destinations = (store: Keeper): readonly Destination[] => [folder, library(store)]
