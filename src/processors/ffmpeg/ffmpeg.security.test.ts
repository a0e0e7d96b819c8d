import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { FfmpegOptions } from './options.ts'
import { filters, inputOptions, outputOptions } from './tables.ts'

function refusal(args: string | readonly string[], more = {}): string | undefined {
  return FfmpegOptions.safeParse({ args, extension: 'mp4', ...more })
    .error?.issues.map(({ message }) => message)
    .join()
}

for (const [title, lines] of Object.entries({
  'other inputs': [
    '-i /etc/passwd',
    '-i file:/etc/passwd',
    '-i http://x/',
    '-i concat:/etc/passwd',
    '-i subfile:,,:/etc/passwd',
    '-i pipe:0',
    '-i {input}/../x',
    '-i {input} -i /dev/zero',
    '-f lavfi -i movie=/etc/passwd',
    '-f concat -i {input}',
    '-protocol_whitelist file,http -i {input}',
    '-format_whitelist hls -i {input}',
    '-safe 0 -i {input}',
    '-i {output}',
    '-pattern_type glob -i {input}',
    '-f hls -i {input}',
    '-allowed_extensions ALL -i {input}',
    '-stream_loop -1 -i {input}',
    '-i {input:0}',
    '-i {input:100}',
    '-i',
    '-re -i {input}',
  ],
  'other outputs': [
    '/tmp/x.mp4',
    '-c copy /tmp/x.mp4 {output}',
    '{output} {output}',
    '-c copy file:/tmp/x',
    '-f tee "[f=mp4]/tmp/x"',
    '-f segment x%d.ts',
    '-f hls',
    '-f image2 /tmp/x',
    '-c copy rtmp://x/y',
    '- ',
    'pipe:1',
    '{output} -c copy /tmp/x',
    '-map 0 tee:/tmp/x',
  ],
  'options that read or write files': [
    '-attach /etc/passwd',
    '-dump_attachment:t x',
    '-dump_attachment x',
    '-filter_complex_script x',
    '-filter_script:v x',
    '-vstats_file /tmp/x',
    '-vstats',
    '-report',
    '-pass 1',
    '-passlogfile /tmp/x',
    '-vpre x',
    '-fpre x',
    '-apre x',
    '-spre x',
    '-pre x',
    '-init_hw_device vaapi=/dev/x',
    '-hwaccel vaapi',
    '-hwaccel_device /dev/x',
    '-qsv_device x',
    '-sdp_file /tmp/x',
    '-progress /tmp/x',
    '-psnr',
    '-debug_ts',
    '-x264-params stats=/tmp/x',
    '-x264opts qpfile=x',
    '-x265-params csv=/tmp/x',
    '-stats_file x',
    '-/filter_complex /etc/passwd',
    '-/vf x',
    '-intra_matrix x',
    '-cuefile x',
    '-rc_override x',
    '-svtav1-params x=y',
    '-hls_segment_filename /tmp/x',
    '-hls_key_info_file x',
    '-write_index 1',
    '-loglevel debug',
    '-v debug',
    '-key x',
    '-encryption_key x',
    '-cenc_decryption_key x',
    '-map_channel x',
    '-opencl_bench',
    '-L',
    '-h full',
    '-sources x',
    '-devices',
    '-timestamp now',
    '-target vcd',
    '-streamid 0:1',
    '-c:v:../x copy',
    '--c copy',
    '-',
    '-cpuflags 0',
    '-max_alloc 1',
    '-timelimit 1',
    '-dump',
    '-bsf:v h264_metadata=x',
    '-fflags +../x',
    '-tag:v ../x',
    '-c:v x/y',
    '-map 0:/x',
    '-ss file',
    '-metadata noequals',
    '-map_metadata file',
    '-f mp4',
  ],
  'filters that read or write files': [
    'movie=/etc/passwd',
    'amovie=/etc/passwd',
    'null,movie=x',
    'null;movie=x',
    '[a]movie=x',
    'movie@a=x',
    "'movie'=x",
    'mov\\ie=x',
    "m'ov'ie=x",
    ' movie = x',
    'subtitles=/etc/passwd',
    'ass=x',
    'subtitles=f=x',
    'sendcmd=f=x',
    'asendcmd=f=x',
    'zmq',
    'azmq',
    'lut3d=x',
    'lut1d=x',
    'haldclut',
    'curves=psfile=x',
    'curves=plot=/tmp/x',
    'removelogo=x',
    'signature=filename=/tmp/x',
    'metadata=print:file=/tmp/x',
    'ametadata=print:file=/tmp/x',
    'vidstabdetect=result=/tmp/x',
    'vidstabtransform=input=x',
    'frei0r=x',
    'frei0r_src=x',
    'ladspa=x',
    'lv2=x',
    'dnn_processing=model=x',
    'sr=model=x',
    'derain',
    'ocr=datapath=x',
    'find_rect=object=x',
    'cover_rect=cover=x',
    'libvmaf=log_path=/tmp/x',
    'psnr=stats_file=/tmp/x',
    'ssim=stats_file=/tmp/x',
    'sofalizer=sofa=x',
    'arnndn=model=x',
    'asr',
    'whisper=model=x',
    'program_opencl=source=x',
    'deshake=filename=/tmp/x',
    'firequalizer=dumpfile=/tmp/x',
    'showcqt=fontfile=x',
    'drawtext=/etc/passwd',
    'drawtext=textfile=/etc/passwd',
    'drawtext=fontfile=/etc/passwd',
    'drawtext=text=a:textfile=x',
    "drawtext=text='a':textfile=x",
    'drawtext=text=a: textfile =x',
    'paletteuse=debug_kdtree=/tmp/x',
    'drawtext=/text=/etc/passwd',
    'drawtext=text=a:/text=x',
    'drawtext=x=1:/etc/passwd',
    "drawtext=text=a':'b:textfile=x",
    'drawtext=text=a\\\\:b:textfile=x',
    'drawtext=font=a\\\\:file=x',
    'scale=/w=/etc/passwd',
    'loudnorm=stats_file=/tmp/x',
    'nullsrc',
    'color=red',
    'testsrc',
    'sine',
    'buffer=x',
    'sws_flags=bilinear;movie=x',
    'fps=5]movie=x',
    '',
    ',',
    'coreimage=x',
    'avsynctest',
    'loop=-1',
    'apad',
  ].flatMap((graph) => [
    ['-vf', graph],
    ['-filter_complex', graph],
    ['-af:0', graph],
  ]),
})) {
  test(`${title} are refused when a recipe is saved`, () => {
    for (const args of lines) assert.match(refusal(args) ?? '', /./, JSON.stringify(args))
  })
}

test('values and titles get no further than recipes do', () => {
  const vars = { x: { type: 'text', default: '' } }
  for (const [args, x] of [
    [['-vf', 'fps={x}'], '5,movie=/etc/passwd'],
    [['{x}'], '-dump_attachment'],
    [['-i', '{x}'], '/etc/passwd'],
    [['-c:v', '{x}'], '../x'],
    [['-vf', '{x}'], 'movie=/etc/passwd'],
    [['-vf', 'drawtext={x}'], 'textfile=/etc/passwd'],
    [['-ss', '{x}'], '-i'],
    [['-{x}', '/tmp/x'], 'vstats_file'],
    [['-i', '{x}'], '{input}'],
  ] as const) {
    // `{x}` alone may be bound to what a recipe could say itself; then it says no more than that.
    const said = refusal(args, { vars, values: { x } })
    if (x !== '{input}') assert.match(said ?? '', /./, JSON.stringify(args))
  }
  assert.equal(refusal(['-metadata', 'title={x}'], { vars, values: { x: "'; rm -rf / #,movie=x" } }), undefined)
})

const help = promisify(execFile)('ffmpeg', ['-hide_banner', '-h', 'full'], { maxBuffer: 1e8 })

test('no option of the lists has a name that ffmpeg knows for files', async () => {
  const { stdout } = await help
  const found = stdout.matchAll(/^ *-([a-z0-9_-]+) .*(?:file|path|url|device)\b/gim)
  const files = new Set([...found].map(([, name = '']) => name))
  assert.ok(files.has('passlogfile') && files.has('attach'))
  // These speak of files but take numbers, words of a list, or nothing.
  const harmless = new Set(['map_metadata', 'fs', 'profile', 'update', 'write_xing', 'loop'])
  for (const name of [...inputOptions.keys(), ...outputOptions.keys()]) {
    if (!harmless.has(name)) assert.ok(!files.has(name), name)
  }
})

test('no filter of the list has an option for a file that is not seen as one', async () => {
  const { stdout } = await help
  let seen = 0
  for (const [, name = '', options = ''] of stdout.matchAll(/^(\w+) AVOptions:\n((?: .*\n)*)/gm)) {
    if (!filters.has(name)) continue
    for (const [, option = ''] of options.matchAll(strings)) {
      assert.match(refusal(['-vf', `${name}=${option}=x`]) ?? '', /could name a file/, `${name}=${option}`)
      seen++
    }
  }
  assert.ok(seen > 1)
})

/** Options of text that speak of files. */
const strings =
  /^ +([a-z0-9_]+) +<(?:string|binary|dictionary)> .*(?:\b|_)(?:file|path|url|directory|plugin|library)\b/gim
