/** The muxer for each extension that may come out: those that write one file. */
export const muxers = {
  aac: 'adts',
  ac3: 'ac3',
  aiff: 'aiff',
  apng: 'apng',
  ass: 'ass',
  avi: 'avi',
  eac3: 'eac3',
  flac: 'flac',
  flv: 'flv',
  gif: 'gif',
  jpg: 'image2pipe',
  m4a: 'ipod',
  m4v: 'mp4',
  mka: 'matroska',
  mkv: 'matroska',
  mov: 'mov',
  mp3: 'mp3',
  mp4: 'mp4',
  mpg: 'mpeg',
  mxf: 'mxf',
  oga: 'oga',
  ogg: 'ogg',
  ogv: 'ogv',
  opus: 'opus',
  png: 'image2pipe',
  srt: 'srt',
  ts: 'mpegts',
  vtt: 'webvtt',
  wav: 'wav',
  webm: 'webm',
  webp: 'webp',
  wma: 'asf',
  wmv: 'asf',
} as const satisfies Record<string, string>

export type Extension = keyof typeof muxers

/** How the value of an option may look. */
type Value = RegExp | 'none' | 'filters' | 'text'

const word = /^[a-z0-9][a-z0-9_.-]{0,60}$/i
const switches = /^[+-]?[a-z0-9_]{1,40}(?:[+-][a-z0-9_]{1,40}){0,20}$/i
const number = /^-?\d{1,12}(?:\.\d{1,9})?$/
const rate = /^\d{1,12}(?:\.\d{1,9})?[kKMG]?$/
const fraction = /^\d{1,9}(?:\.\d{1,9})?(?:[/:]\d{1,9})?$/
const time = /^-?(?:\d{1,9}(?:\.\d{1,9})?(?:ms|us|s)?|(?:\d{1,3}:)?\d{1,2}:\d{1,2}(?:\.\d{1,9})?)$/
const size = /^(?:\d{1,5}x\d{1,5}|[a-z0-9]{2,12})$/i
const map = /^(?:-?\d{1,3}(?::[a-z0-9:]{1,40})?\??|\[[\w:]{1,40}\])$/i
const mapMetadata = /^-?\d{1,3}(?::[gscp](?::[a-z0-9:]{1,20})?)?$/i
const bitstream = /^[a-z0-9_]{1,40}(?:,[a-z0-9_]{1,40}){0,5}$/

/** Options (without their stream, as in `c:v`) that may stand before an input. */
export const inputOptions: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['ss', time],
  ['sseof', time],
  ['t', time],
  ['to', time],
  ['itsoffset', time],
  ['accurate_seek', 'none'],
  ['noaccurate_seek', 'none'],
])

/** Options that may stand before the output. None of them names a file, a device, a preset or a server. */
export const outputOptions: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...['an', 'vn', 'sn', 'dn', 'shortest', 'copyts', 'start_at_zero', 'bitexact', 'copyinkf'].map(
    (name): [string, Value] => [name, 'none'],
  ),
  ...[
    'c',
    'codec',
    'acodec',
    'vcodec',
    'scodec',
    'preset',
    'tune',
    'profile',
    'level',
    'pix_fmt',
    'sample_fmt',
    'deadline',
    'quality',
    'usage',
    'application',
    'vbr',
    'color_primaries',
    'color_trc',
    'colorspace',
    'color_range',
    'chroma_sample_location',
    'field_order',
    'channel_layout',
    'fps_mode',
    'vsync',
    'strict',
    'tag',
    'vtag',
    'atag',
    'pred',
    'dither_method',
    'compression_algo',
    'rc-lookahead',
    'aq_mode',
    'id3v2_version',
    'write_id3v1',
    'write_xing',
    'ch_mode',
    'aac_coder',
    'frame_duration',
    'row-mt',
    'tiles',
  ].map((name): [string, Value] => [name, word]),
  ...['movflags', 'flags', 'flags2', 'fflags', 'disposition', 'sws_flags', 'avoid_negative_ts'].map(
    (name): [string, Value] => [name, switches],
  ),
  ...[
    'crf',
    'q',
    'qp',
    'qscale',
    'qmin',
    'qmax',
    'qdiff',
    'aq',
    'g',
    'keyint_min',
    'bf',
    'b_strategy',
    'refs',
    'sc_threshold',
    'trellis',
    'me_range',
    'ac',
    'frames',
    'vframes',
    'aframes',
    'threads',
    'cpu-used',
    'speed',
    'lossless',
    'compression_level',
    'max_muxing_queue_size',
    'tile-columns',
    'tile-rows',
    'lag-in-frames',
    'auto-alt-ref',
    'arnr-strength',
    'arnr-maxframes',
    'aq-mode',
    'plays',
    'final_delay',
    'cutoff',
    'async',
    'muxdelay',
    'muxpreload',
    'update',
    'loop',
  ].map((name): [string, Value] => [name, number]),
  ...['b', 'ab', 'vb', 'maxrate', 'minrate', 'bufsize', 'fs', 'ar'].map((name): [string, Value] => [name, rate]),
  ['r', fraction],
  ['aspect', fraction],
  ['s', size],
  ['ss', time],
  ['t', time],
  ['to', time],
  ['map', map],
  ['map_metadata', mapMetadata],
  ['map_chapters', mapMetadata],
  ['bsf', bitstream],
  ['vf', 'filters'],
  ['af', 'filters'],
  ['filter', 'filters'],
  ['filter_complex', 'filters'],
  ['lavfi', 'filters'],
  ['metadata', 'text'],
])

/** Words of usual command lines that change nothing here. */
export const idle: ReadonlySet<string> = new Set(['-y', '-nostdin', '-hide_banner'])

/** Filters that may be used. A new one is looked up first: no option of it may name a file, a plug-in or an address. */
export const filters: ReadonlySet<string> = new Set(
  (
    'acompressor acrossfade adelay aecho afade afftdn aformat agate alimiter alphaextract alphamerge amerge amix anlmdn ' +
    'anull aphaser aresample areverse asetnsamples asetpts asetrate asplit atempo atrim bass bbox blend boxblur bwdif ' +
    'channelmap channelsplit chorus chromakey colorbalance colorchannelmixer colorkey colormatrix colorspace compand ' +
    'compensationdelay concat copy crop crossfeed crystalizer dcshift deband deblock decimate deesser deflicker delogo ' +
    'drawbox drawgrid drawtext dynaudnorm earwax edgedetect eq equalizer exposure extrastereo fade fieldorder fillborders ' +
    'flanger format fps framerate framestep gblur geq haas hflip highpass histeq hqdn3d hstack hue idet interlace join ' +
    'kerndeint lenscorrection limiter loudnorm lowpass lut lutrgb lutyuv mergeplanes minterpolate mpdecimate negate ' +
    'nlmeans noise normalize null overlay pad palettegen paletteuse pan perspective pixelize pp pullup random reverse ' +
    'rotate scale scale2ref select aselect setdar setfield setparams setpts setsar settb asettb showspectrumpic ' +
    'showwaves showwavespic silenceremove smartblur speechnorm split stereotools superequalizer telecine thumbnail tile ' +
    'tmix tonemap transpose treble tremolo trim unsharp vaguedenoiser vflip vibrance vibrato vignette volume vstack ' +
    'w3fdif weave xbr xfade xstack yadif yaepblur zoompan zscale'
  ).split(' '),
)
