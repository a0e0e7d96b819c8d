/** What is known of a site's links. `hosts` are its pages' names; `m.`, `www.` and the like before them are the same. */
export interface SiteRule {
  readonly site: string
  readonly hosts: readonly string[]
  /** Parameters that say where a link was shared, and nothing about what it leads to. */
  readonly tracking?: readonly string[]
  /** Nothing but these parameters says what the link leads to. */
  readonly keep?: readonly string[]
  /** Parameters (of query or fragment) that are a moment in the media. */
  readonly moment?: readonly string[]
  /** Another spelling of the same thing as the usual one; undefined where there is nothing to change. */
  readonly usual?: (url: URL) => URL | undefined
}

/** Parameters with which senders of mail and advertisements mark links, whatever site they lead to. */
export const universalTracking: readonly (string | RegExp)[] = [
  /^utm_[a-z_]+$/,
  'fbclid',
  'gclid',
  'gbraid',
  'wbraid',
  'dclid',
  'msclkid',
  'yclid',
  'ysclid',
  'twclid',
  'ttclid',
  'igshid',
  'mc_cid',
  'mc_eid',
  '_hsenc',
  '_hsmi',
  'mkt_tok',
  'vero_id',
  'oly_enc_id',
  'oly_anon_id',
]

/** Sites whose links people paste in many spellings. What is not listed here is left alone. */
export const siteRules: readonly SiteRule[] = [
  {
    site: 'YouTube',
    hosts: ['youtube.com', 'youtu.be', 'youtube-nocookie.com', 'music.youtube.com'],
    tracking: ['si', 'feature', 'pp', 'ab_channel', 'app', 'kw', 'ved', 'source_ve_path', 'embeds_referring_euri'],
    moment: ['t', 'start', 'time_continue'],
    usual: youtube,
  },
  {
    site: 'Vimeo',
    hosts: ['vimeo.com', 'player.vimeo.com'],
    tracking: ['share', 'fl', 'fe', 'ref', 'autoplay', 'title', 'byline', 'portrait', 'app_id'],
    moment: ['t'],
    usual: vimeo,
  },
  {
    site: 'Instagram',
    hosts: ['instagram.com', 'instagr.am'],
    tracking: ['igsh', 'ig_rid', 'ig_mid', 'utm_source', 'hl'],
    usual: instagram,
  },
  {
    site: 'TikTok',
    hosts: ['tiktok.com', 'vm.tiktok.com', 'vt.tiktok.com'],
    // Short links (vm., vt.) are told apart by their path alone, too.
    keep: [],
    usual: tiktok,
  },
  {
    site: 'X',
    hosts: ['x.com', 'twitter.com', 'platform.twitter.com', 'platform.x.com'],
    tracking: ['s', 't', 'ref_src', 'ref_url', 'cxt', 'lang'],
    usual: x,
  },
  {
    site: 'Facebook',
    hosts: ['facebook.com', 'fb.watch'],
    tracking: ['mibextid', 'rdid', 'share_url', 'sfnsn', 'ref', 'refsrc', 'extid', 'locale', '_rdr', 'fs', 's'],
    usual: facebook,
  },
  {
    site: 'Reddit',
    hosts: ['reddit.com', 'redd.it', 'v.redd.it'],
    tracking: ['share_id', 'rdt', 'ref', 'ref_source', 'context', 'utm_name'],
    usual: reddit,
  },
  {
    site: 'SoundCloud',
    hosts: ['soundcloud.com', 'w.soundcloud.com'],
    tracking: ['si', 'in', 'ref', 'p', 'c'],
    moment: ['t'],
    usual: soundcloud,
  },
  {
    site: 'Twitch',
    hosts: ['twitch.tv', 'player.twitch.tv', 'clips.twitch.tv'],
    tracking: ['tt_medium', 'tt_content', 'filter', 'sort', 'range'],
    moment: ['t'],
    usual: twitch,
  },
  {
    site: 'Dailymotion',
    hosts: ['dailymotion.com', 'dai.ly', 'geo.dailymotion.com'],
    tracking: ['retry', 'syndication', 'queue-enable', 'autoplay', 'mute'],
    moment: ['start'],
    usual: dailymotion,
  },
  { site: 'Spotify', hosts: ['open.spotify.com'], tracking: ['si', 'nd', 'dlsi', 'pi', 'context'] },
  {
    site: 'Bilibili',
    hosts: ['bilibili.com'],
    tracking: [
      'spm_id_from',
      'vd_source',
      'share_source',
      'share_medium',
      'share_plat',
      'bbid',
      'ts',
      'unique_k',
      'from_spmid',
    ],
    moment: ['t'],
  },
]

function youtube(url: URL): URL | undefined {
  const [first = '', second = ''] = segments(url)
  if (under(url, 'youtu.be')) return first === '' ? undefined : watch(url, first)
  const video = ['embed', 'v', 'shorts', 'live', 'e'].includes(first) && /^[\w-]{11}$/.test(second) ? second : undefined
  if (video !== undefined && second !== 'videoseries') return watch(url, video)
  if (first === 'embed' && second === 'videoseries' && url.searchParams.has('list'))
    return on(url, 'www.youtube.com', '/playlist')
  // Music is the same videos and lists; its own host offers other qualities to those who pay.
  if (under(url, 'music.youtube.com')) return undefined
  return url.hostname === 'www.youtube.com' ? undefined : on(url, 'www.youtube.com', url.pathname)
}

function watch(url: URL, id: string): URL {
  const usual = on(url, 'www.youtube.com', '/watch')
  usual.searchParams.delete('v')
  usual.search = `?v=${encodeURIComponent(id)}${usual.search.replace('?', '&')}`
  return usual
}

function vimeo(url: URL): URL | undefined {
  const [first = '', id = ''] = segments(url)
  if (!under(url, 'player.vimeo.com'))
    return url.hostname === 'www.vimeo.com' ? on(url, 'vimeo.com', url.pathname) : undefined
  if (first !== 'video' || !/^\d+$/.test(id)) return undefined
  // An unlisted video has its key in `h`; its page has it in the path.
  const key = url.searchParams.get('h')
  const usual = on(url, 'vimeo.com', key !== null && /^[0-9a-f]+$/i.test(key) ? `/${id}/${key}` : `/${id}`)
  usual.searchParams.delete('h')
  return usual
}

function instagram(url: URL): URL | undefined {
  const path = url.pathname
    .replace(/^(\/(?:[\w.]+\/)?(?:p|reel|tv)\/[\w-]+)\/embed(?:\/captioned)?\/?$/, '$1/')
    .replace(/^\/reels\/([\w-]{5,})\/?$/, '/reel/$1/')
  return on(url, 'www.instagram.com', path)
}

function tiktok(url: URL): URL | undefined {
  const [first = '', second = '', id = ''] = segments(url)
  if (/^(vm|vt)\.tiktok\.com$/.test(url.hostname)) return undefined
  const embedded = first === 'embed' ? (/^(?:v2|v3)?$/.test(second) ? id : second) : undefined
  // The name before it may be any: the number is what counts.
  if (embedded !== undefined && /^\d+$/.test(embedded)) return on(url, 'www.tiktok.com', `/@_/video/${embedded}`)
  return on(url, 'www.tiktok.com', url.pathname)
}

function x(url: URL): URL | undefined {
  const path = url.pathname.replace(/^\/(\w+)\/status\/(\d+)\/(?:photo|video)\/\d+\/?$/, '/$1/status/$2')
  const id = url.hostname.startsWith('platform.') && path.startsWith('/embed/') ? url.searchParams.get('id') : null
  if (id !== null && /^\d+$/.test(id)) {
    const usual = on(url, 'x.com', `/i/status/${id}`)
    usual.search = ''
    return usual
  }
  return on(url, 'x.com', path)
}

function facebook(url: URL): URL | undefined {
  if (under(url, 'fb.watch')) return undefined
  const inner = url.pathname.startsWith('/plugins/video.php') ? URL.parse(url.searchParams.get('href') ?? '') : null
  // What it embeds is a link of the same site; cleaned like any other.
  if (inner !== null && under(inner, 'facebook.com')) return on(inner, 'www.facebook.com', inner.pathname)
  return on(url, 'www.facebook.com', url.pathname)
}

function reddit(url: URL): URL | undefined {
  if (url.hostname.endsWith('redd.it')) return undefined
  return on(url, 'www.reddit.com', url.pathname)
}

function soundcloud(url: URL): URL | undefined {
  const inner = under(url, 'w.soundcloud.com') ? URL.parse(url.searchParams.get('url') ?? '') : null
  if (inner !== null && under(inner, 'soundcloud.com')) return inner
  return /^(m|www)\./.test(url.hostname) ? on(url, 'soundcloud.com', url.pathname) : undefined
}

function twitch(url: URL): URL | undefined {
  const get = (name: string) => url.searchParams.get(name) ?? ''
  const plain = (path: string) => {
    const usual = on(url, 'www.twitch.tv', path)
    for (const name of ['video', 'clip', 'channel', 'parent', 'autoplay']) usual.searchParams.delete(name)
    return usual
  }
  if (url.hostname === 'player.twitch.tv' && /^v?\d+$/.test(get('video')))
    return plain(`/videos/${get('video').replace('v', '')}`)
  if (url.hostname === 'player.twitch.tv' && /^\w+$/.test(get('channel'))) return plain(`/${get('channel')}`)
  if (url.hostname === 'clips.twitch.tv' && url.pathname === '/embed' && /^[\w-]+$/.test(get('clip'))) {
    const usual = on(url, 'clips.twitch.tv', `/${get('clip')}`)
    usual.search = ''
    return usual
  }
  return url.hostname.startsWith('m.') ? on(url, 'www.twitch.tv', url.pathname) : undefined
}

function dailymotion(url: URL): URL | undefined {
  const [first = '', second = '', third = ''] = segments(url)
  const player = first.startsWith('player')
  const id = under(url, 'dai.ly')
    ? first
    : first === 'embed' && second === 'video'
      ? third
      : player
        ? (url.searchParams.get('video') ?? '')
        : ''
  if (!/^[a-zA-Z0-9]+$/.test(id)) return undefined
  const usual = on(url, 'www.dailymotion.com', `/video/${id}`)
  usual.searchParams.delete('video')
  return usual
}

/** Whether the host is this one, or it for telephones, or as it was: not whatever lies below it (`api.`, `help.`, `v16.`). */
export function under(url: URL, host: string): boolean {
  return url.hostname === host || fronts.some((front) => url.hostname === `${front}.${host}`)
}

const fronts = ['www', 'm', 'mobile', 'old', 'new', 'np', 'web', 'touch', 'mbasic', 'amp']

/** The same query and fragment at another place; sites of this list are all served over TLS. */
function on(url: URL, host: string, path: string): URL {
  const usual = new URL(url)
  usual.protocol = 'https:'
  usual.port = ''
  usual.hostname = host
  usual.pathname = path
  return usual
}

function segments(url: URL): string[] {
  return url.pathname.split('/').filter((segment) => segment !== '')
}
