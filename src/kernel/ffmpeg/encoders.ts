import { Fault } from '@jackdaw/contract/faults.ts'
import { quiet } from './input.ts'
import type { ToolRun } from './work.ts'

/** How one codec is made again at a quality at which nobody sees or hears a difference. */
interface Encoder {
  readonly encoder: string
  readonly args: readonly string[]
}

const h264 = { encoder: 'libx264', args: ['-crf', '18', '-preset', 'veryfast', '-pix_fmt', 'yuv420p'] }
const aac = { encoder: 'aac', args: ['-b:a', '192k'] }

const encoders: Readonly<Record<string, Encoder>> = {
  h264,
  hevc: { encoder: 'libx265', args: ['-crf', '21', '-preset', 'fast', '-x265-params', 'log-level=error'] },
  vp8: { encoder: 'libvpx', args: ['-crf', '8', '-b:v', '6M', '-deadline', 'realtime', '-cpu-used', '4'] },
  vp9: { encoder: 'libvpx-vp9', args: ['-crf', '24', '-b:v', '0', '-deadline', 'good', '-cpu-used', '4'] },
  av1: { encoder: 'libsvtav1', args: ['-crf', '28', '-preset', '8'] },
  aac,
  mp3: { encoder: 'libmp3lame', args: ['-b:a', '256k'] },
  opus: { encoder: 'libopus', args: ['-b:a', '160k'] },
  vorbis: { encoder: 'libvorbis', args: ['-q:a', '6'] },
  flac: { encoder: 'flac', args: [] },
  alac: { encoder: 'alac', args: [] },
  ac3: { encoder: 'ac3', args: ['-b:a', '448k'] },
  eac3: { encoder: 'eac3', args: ['-b:a', '384k'] },
  pcm_s16le: { encoder: 'pcm_s16le', args: [] },
  pcm_s24le: { encoder: 'pcm_s24le', args: [] },
}

/** The encoder of the same family, or the one that plays everywhere where that family has none. */
export function encoderLike(codec: string, kind: 'video' | 'audio'): Encoder {
  return (Object.hasOwn(encoders, codec) ? encoders[codec] : undefined) ?? (kind === 'video' ? h264 : aac)
}

/** Asks ffmpeg once what it can encode. Faults: `process.unsupported`, naming what is missing. */
export async function requireEncoders(run: ToolRun, wanted: Iterable<string>): Promise<void> {
  const child = await run.spawn('ffmpeg', [...quiet, '-encoders'])
  const listed = await child.text()
  const known = new Set([...listed.matchAll(/^ [VAS][.A-Z]{5} (\S+)/gm)].map((match) => match[1]))
  const absent = [...new Set(wanted)].filter((name) => name !== 'copy' && !known.has(name))
  if (absent.length === 0) return
  throw new Fault('process.unsupported', { reason: `its ffmpeg has no encoder ${absent.join(', ')}` })
}
