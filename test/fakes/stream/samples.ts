import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { folderOnce } from '#test/fakes/made-once.ts'

const run = promisify(execFile)

/** The key of all encrypted samples. */
export const sampleKey = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')

const picture = (size: string, seconds: number, hue = 0) => [
  '-f',
  'lavfi',
  '-i',
  `testsrc=size=${size}:rate=25:duration=${seconds},hue=h=${hue}`,
]
const tone = (hertz: number, seconds: number) => [
  '-f',
  'lavfi',
  '-i',
  `sine=frequency=${hertz}:sample_rate=44100:duration=${seconds}`,
]
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25', '-sc_threshold', '0', '-b:v', '100k']
const aac = ['-c:a', 'aac', '-b:a', '48k']
const hls = ['-f', 'hls', '-hls_time', '1', '-hls_playlist_type', 'vod']

/** Makes the streams with ffmpeg's own packager, each in a folder of its own. A second or two, once for a run. */
export async function makeSamples(dir: string): Promise<void> {
  await folderOnce('hls', dir, makeAll)
}

async function makeAll(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  await writeFile(join(dir, 'key.bin'), sampleKey)
  const sealed = join(dir, 'sealed.keyinfo')
  await writeFile(sealed, `../key.bin\n${join(dir, 'key.bin')}\n`)
  const encrypted = [...hls, '-hls_key_info_file', sealed]
  const make = async (name: string, ...args: string[]) => {
    await mkdir(join(dir, name), { recursive: true })
    const cwd = join(dir, name)
    await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args, 'index.m3u8'], { cwd })
  }
  const fragmented = ['-hls_segment_type', 'fmp4']
  await Promise.all([
    make('plain', ...picture('160x90', 6), ...tone(440, 6), ...h264, ...aac, ...hls),
    make('low', ...picture('160x90', 6), ...h264, '-an', ...encrypted),
    make('high', ...picture('320x180', 6), ...h264, '-an', ...encrypted),
    make('english', ...tone(440, 6), ...aac, ...encrypted),
    make('german', ...tone(880, 6), ...aac, ...encrypted),
    make(
      'ranges',
      ...picture('160x90', 6),
      ...tone(440, 6),
      ...h264,
      ...aac,
      ...hls,
      ...fragmented,
      '-hls_flags',
      'single_file',
    ),
    make('first', ...picture('160x90', 3), ...tone(440, 3), ...h264, ...aac, ...hls),
    make('second', ...picture('160x90', 3, 90), ...tone(660, 3), ...h264, ...aac, ...hls),
    make('small', ...picture('160x90', 3), ...tone(440, 3), ...h264, ...aac, ...hls, ...fragmented),
    make('large', ...picture('320x180', 3), ...tone(440, 3), ...h264, ...aac, ...hls, ...fragmented),
    make('long', ...picture('160x90', 16), ...tone(440, 16), ...h264, ...aac, ...hls),
  ])
  await writePlaylists(dir)
}

async function writePlaylists(dir: string): Promise<void> {
  const media = (type: string, group: string, name: string, more: string) =>
    `#EXT-X-MEDIA:TYPE=${type},GROUP-ID="${group}",NAME="${name}",${more}`
  await writeFile(
    join(dir, 'master.m3u8'),
    [
      '#EXTM3U',
      '#EXT-X-VERSION:4',
      media('AUDIO', 'sound', 'Deutsch', 'LANGUAGE="de",URI="german/index.m3u8"'),
      media('AUDIO', 'sound', 'English', 'LANGUAGE="en",DEFAULT=YES,URI="english/index.m3u8"'),
      media('SUBTITLES', 'text', 'English', 'LANGUAGE="en",URI="text/index.m3u8"'),
      '#EXT-X-STREAM-INF:BANDWIDTH=200000,RESOLUTION=160x90,FRAME-RATE=25,CODECS="avc1.42c00b,mp4a.40.2",AUDIO="sound",SUBTITLES="text"',
      'low/index.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=320x180,FRAME-RATE=25,CODECS="avc1.42c00d,mp4a.40.2",AUDIO="sound",SUBTITLES="text"',
      'high/index.m3u8',
      '',
    ].join('\n'),
  )
  const head = ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-TARGETDURATION:1', '#EXT-X-PLAYLIST-TYPE:VOD']
  const three = (path: (index: number) => string) => [0, 1, 2].flatMap((index) => ['#EXTINF:1,', path(index)])
  const cut = [
    ...three((index) => `first/index${index}.ts`),
    '#EXT-X-DISCONTINUITY',
    ...three((index) => `second/index${index}.ts`),
  ]
  await writeFile(join(dir, 'cut.m3u8'), [...head, ...cut, '#EXT-X-ENDLIST', ''].join('\n'))
  const maps = [
    '#EXT-X-MAP:URI="small/init.mp4"',
    ...three((index) => `small/index${index}.m4s`),
    '#EXT-X-DISCONTINUITY',
    '#EXT-X-MAP:URI="large/init.mp4"',
    ...three((index) => `large/index${index}.m4s`),
  ]
  await writeFile(join(dir, 'maps.m3u8'), [...head, ...maps, '#EXT-X-ENDLIST', ''].join('\n'))
  await mkdir(join(dir, 'text'))
  const cue = (from: number, to: number, text: string) => `00:00:0${from}.000 --> 00:00:0${to}.000\n${text}\n`
  const vtt = (...cues: string[]) => ['WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n', ...cues].join('\n')
  // The second cue reaches into both.
  await writeFile(join(dir, 'text/0.vtt'), vtt(cue(0, 2, 'One'), cue(2, 4, 'Two')))
  await writeFile(join(dir, 'text/1.vtt'), vtt(cue(2, 4, 'Two'), cue(4, 6, 'Three')))
  const text = [
    '#EXTM3U',
    '#EXT-X-TARGETDURATION:3',
    '#EXTINF:3,',
    '0.vtt',
    '#EXTINF:3,',
    '1.vtt',
    '#EXT-X-ENDLIST',
    '',
  ]
  await writeFile(join(dir, 'text/index.m3u8'), text.join('\n'))
}
