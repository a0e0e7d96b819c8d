import { execFile } from 'node:child_process'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { folderOnce } from '#test/fakes/made-once.ts'
import { encryptFragments, encryptInit, type CencHow } from '#test/fakes/cenc.ts'

const run = promisify(execFile)

export const dashKey = '00112233445566778899aabbccddeeff'
export const dashKid = '0123456789abcdef0123456789abcdef'

/** Two pictures and two sounds of six seconds, in each way in which a manifest can say where they are. */
export const dashStreams = {
  /** SegmentTemplate with a duration. */
  number: 'number/manifest.mpd',
  /** SegmentTemplate with a SegmentTimeline. */
  time: 'time/manifest.mpd',
  /** SegmentList with addresses. */
  list: 'list/manifest.mpd',
  /** SegmentList with ranges of one file. */
  ranges: 'ranges/manifest.mpd',
  /** SegmentBase with an index. */
  base: 'base/manifest.mpd',
  /** A file and nothing said about it. */
  file: 'base/plain.mpd',
  /** Two recordings one after the other, whose clocks both begin at zero. */
  periods: 'periods.mpd',
  /** VP8 and Vorbis. */
  webm: 'webm/manifest.mpd',
  cenc: 'cenc/manifest.mpd',
  cbcs: 'cbcs/manifest.mpd',
} as const

const tone = (hertz: number, seconds = 6) => [
  '-f',
  'lavfi',
  '-i',
  `sine=frequency=${hertz}:sample_rate=44100:duration=${seconds}`,
]
const picture = (seconds = 6, hue = 0) => [
  '-f',
  'lavfi',
  '-i',
  `testsrc=size=320x180:rate=25:duration=${seconds},hue=h=${hue}`,
]
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-sc_threshold', '0']
const aac = ['-c:a', 'aac', '-b:a', '48k']
const sets = 'id=0,streams=v id=1,streams=2 id=2,streams=3'
const mpd = (...more: string[]) => [
  '-f',
  'dash',
  '-seg_duration',
  '1',
  '-adaptation_sets',
  sets,
  ...more,
  'manifest.mpd',
]

/** Makes them with ffmpeg under `dir`; what it cannot make is written by hand. Some seconds, once for a run. */
export async function makeDash(dir: string): Promise<void> {
  await folderOnce('dash', dir, makeAll)
}

async function makeAll(dir: string): Promise<void> {
  const make = async (name: string, args: readonly string[]) => {
    const cwd = join(dir, name)
    await mkdir(cwd, { recursive: true })
    await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args], { cwd })
    return cwd
  }
  const maps = ['-map', '0:v', '-map', '0:v', '-map', '1:a', '-map', '2:a']
  const small = ['-s:v:0', '160x90', '-b:v:0', '60k', '-b:v:1', '200k']
  const languages = ['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=deu']
  await make('made', [
    ...picture(),
    ...tone(440),
    ...tone(880),
    ...maps,
    ...h264,
    ...small,
    ...aac,
    ...languages,
    'all.mkv',
  ])
  const copied = ['-i', join(dir, 'made/all.mkv'), '-map', '0', '-c', 'copy']
  const short = (hue: number) => [...picture(3, hue), ...tone(440, 3), ...h264, ...aac]
  const two = ['-f', 'dash', '-seg_duration', '1', '-use_timeline', '0', 'manifest.mpd']
  await Promise.all([
    make('number', [...copied, ...mpd('-use_timeline', '0')]),
    make('time', [...copied, ...mpd('-media_seg_name', 'chunk-$RepresentationID$-$Time$.m4s')]),
    make('list', [...copied, ...mpd('-use_template', '0')]),
    make('ranges', [...copied, ...mpd('-use_template', '0', '-single_file', '1')]),
    make('first', [...short(0), ...two]),
    make('second', [...short(90), ...two]),
    make('webm', [
      ...picture(2),
      ...tone(440, 2),
      '-s',
      '160x90',
      '-c:v',
      'libvpx',
      '-g',
      '25',
      '-deadline',
      'realtime',
      '-cpu-used',
      '8',
      '-c:a',
      'libvorbis',
      '-f',
      'dash',
      '-dash_segment_type',
      'webm',
      '-seg_duration',
      '1',
      'manifest.mpd',
    ]),
    makeBase(dir, make, copied.slice(0, 2)),
  ])
  await writePeriods(dir)
  await encryptAll(dir, 'cenc', { scheme: 'cenc', key: dashKey, kid: dashKid })
  await encryptAll(dir, 'cbcs', { scheme: 'cbcs', key: dashKey, kid: dashKid, isConstant: true })
}

async function makeBase(
  dir: string,
  make: (name: string, args: readonly string[]) => Promise<string>,
  input: readonly string[],
): Promise<void> {
  const fragmented = ['-c', 'copy', '-movflags', '+frag_keyframe+dash+global_sidx', '-f', 'mp4']
  const cwd = await make('base', [...input, '-map', '0:v:1', ...fragmented, 'v.mp4'])
  await make('base', [...input, '-map', '0:a:0', ...fragmented, '-frag_duration', '1000000', 'a.mp4'])
  const set = async (kind: 'video' | 'audio', about: string, how: (at: number, size: number) => string) => {
    const name = `${kind[0]}.mp4`
    const bytes = await readFile(join(cwd, name))
    const at = bytes.indexOf('sidx') - 4
    return `<AdaptationSet mimeType="${kind}/mp4"><Representation id="${kind}" ${about}><BaseURL>${name}</BaseURL>${how(at, bytes.readUInt32BE(at))}</Representation></AdaptationSet>`
  }
  for (const [name, how] of [
    [
      'manifest',
      (at: number, size: number) =>
        `<SegmentBase indexRange="${at}-${at + size - 1}"><Initialization range="0-${at - 1}"/></SegmentBase>`,
    ],
    ['plain', () => ''],
  ] as const) {
    const inside = [
      await set('video', 'bandwidth="200000" width="320" height="180" codecs="avc1.42c00d"', how),
      await set('audio', 'bandwidth="48000" codecs="mp4a.40.2"', how),
    ]
    const text = `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT6S"><Period>${inside.join('')}</Period></MPD>`
    await writeFile(join(cwd, `${name}.mpd`), text)
  }
}

async function writePeriods(dir: string): Promise<void> {
  const period = async (name: string) => {
    const text = await readFile(join(dir, name, 'manifest.mpd'), 'utf8')
    const inside = text.slice(text.indexOf('>', text.indexOf('<Period')) + 1, text.indexOf('</Period>'))
    return `<Period duration="PT3S"><BaseURL>${name}/</BaseURL>${inside}</Period>`
  }
  const both = (await period('first')) + (await period('second'))
  const head =
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT6S">'
  await writeFile(join(dir, 'periods.mpd'), `${head}${both}</MPD>`)
}

async function encryptAll(dir: string, to: string, how: CencHow): Promise<void> {
  await mkdir(join(dir, to))
  for (const name of await readdir(join(dir, 'number'))) {
    const bytes = await readFile(join(dir, 'number', name))
    const changed = name.startsWith('init-')
      ? encryptInit(bytes, how)
      : name.endsWith('.m4s')
        ? encryptFragments(bytes, how)
        : bytes.toString().replaceAll(/<AdaptationSet[^>]*>/g, (tag) => `${tag}${protection(how)}`)
    await writeFile(join(dir, to, name), changed)
  }
}

function protection({ scheme, kid }: CencHow): string {
  const id = kid.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
  return `<ContentProtection schemeIdUri="urn:mpeg:dash:mp4protection:2011" value="${scheme}" cenc:default_KID="${id}" xmlns:cenc="urn:mpeg:cenc:2013"/><ContentProtection schemeIdUri="urn:uuid:edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"/>`
}
