import type { Processor } from '#pipeline/engine.ts'
import { archive } from './archive/processor.ts'
import { checksum } from './checksum/processor.ts'
import { extract } from './extract/processor.ts'
import { filter } from './filter/processor.ts'
import { probe } from './probe/processor.ts'
import { rename } from './rename/processor.ts'
import { thumbnail } from './thumbnail/processor.ts'

/** Everything that turns files into files. A new one is a folder and a line here. */
export const processors: readonly Processor[] = [probe, thumbnail, filter, checksum, rename, archive, extract]
