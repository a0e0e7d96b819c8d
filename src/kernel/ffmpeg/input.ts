/**
 * How ffmpeg and ffprobe are told to read one local file and nothing else: arguments up to the file itself, which goes as
 * a `file:` URL, so that a name that begins with a dash or has a colon in it is still a name.
 *
 * The demuxers are a list of those that hold their media in one file. HLS, DASH, concat and the like open what the file
 * names, so a "video" of that kind could show other files of this machine; the text demuxers would draw them.
 */
export function mediaInput(path: string, type: string): readonly string[] {
  // A still picture's demuxer is given by name: the one chosen by extension reads `%03d` in a path as a pattern.
  const picture = pictures[type]
  const format = picture === undefined ? ['-format_whitelist', demuxers] : ['-f', picture]
  return ['-protocol_whitelist', 'file,pipe', ...format, '-i', `file:${path}`]
}

/** Whether a type is one that ffmpeg can look into. */
export function isReadable(type: string): boolean {
  return type in pictures || (/^(?:audio|video)\//.test(type) && !playlists.has(type)) || moving.has(type)
}

/** Whether a type is one picture without a time. */
export function isPicture(type: string): boolean {
  return type.startsWith('image/')
}

/** Flags of every call: never waits for a key, never says more than what went wrong. */
export const quiet = ['-hide_banner', '-v', 'error'] as const

const pictures: Readonly<Record<string, string>> = {
  'image/apng': 'apng',
  'image/bmp': 'bmp_pipe',
  'image/gif': 'gif',
  'image/jpeg': 'jpeg_pipe',
  'image/jxl': 'jpegxl_pipe',
  'image/png': 'png_pipe',
  'image/tiff': 'tiff_pipe',
  'image/webp': 'webp_pipe',
}

/** Pictures in a film's container, and films that the registry files under `application`. */
const moving = new Set(['image/avif', 'image/heic', 'image/heif', 'application/mxf', 'application/ogg'])
const playlists = new Set(['audio/x-mpegurl', 'audio/mpegurl', 'video/x-mpegurl', 'video/vnd.mpeg.dash.mpd'])

/** Each holds its media in one file and opens no other. */
export const demuxers = [
  'mov,matroska,avi,flv,live_flv,mpegts,mpeg,mpegvideo,m4v,h264,hevc,ivf,asf,rm,mxf,dv,vob,nut,ogg,webm',
  'mp3,wav,w64,aiff,caf,flac,aac,ac3,eac3,dts,truehd,amr,ape,wv,tta,au,mpc,mpc8,tak,dsf,iff,oma,xwma',
].join(',')
