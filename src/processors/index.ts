import type { Processor } from '#pipeline/engine.ts'
import { archive } from './archive/processor.ts'
import { audio } from './audio/processor.ts'
import { checksum } from './checksum/processor.ts'
import { contactSheet } from './contact-sheet/processor.ts'
import { convert } from './convert/processor.ts'
import { extract } from './extract/processor.ts'
import { decrypt } from './decrypt/processor.ts'
import { ffmpeg } from './ffmpeg/processor.ts'
import { filter } from './filter/processor.ts'
import { fit } from './fit/processor.ts'
import { join } from './join/processor.ts'
import { merge } from './merge/processor.ts'
import { metadata } from './metadata/processor.ts'
import { probe } from './probe/processor.ts'
import { remux } from './remux/processor.ts'
import { rename } from './rename/processor.ts'
import { sample } from './sample/processor.ts'
import { screenshots } from './screenshots/processor.ts'
import { sprite } from './sprite/processor.ts'
import { split } from './split/processor.ts'
import { subtitles } from './subtitles/processor.ts'
import { thumbnail } from './thumbnail/processor.ts'
import { trim } from './trim/processor.ts'

/** Everything that turns files into files. A new one is a folder and a line here. */
export const processors: readonly Processor[] = [
  probe,
  thumbnail,
  merge,
  subtitles,
  remux,
  trim,
  audio,
  convert,
  fit,
  sample,
  screenshots,
  contactSheet,
  sprite,
  metadata,
  filter,
  rename,
  checksum,
  extract,
  archive,
  split,
  join,
  decrypt,
  ffmpeg,
]
