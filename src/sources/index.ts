import type { Source } from '#pipeline/engine.ts'
import { dash } from './dash/source.ts'
import { direct } from './direct/source.ts'
import { hls } from './hls/source.ts'
import { createYtdlpSource } from './ytdlp/source.ts'

/** Every way in. A new one is a folder and a line here. */
export const sources: readonly Source[] = [direct, hls, dash, createYtdlpSource()]
