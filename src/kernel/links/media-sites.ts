/** Media sites by name: what yt-dlp is asked for first. Whatever else it knows it gets once a link has turned out a page. */
export const mediaSites: readonly Site[] = [
  {
    name: 'YouTube',
    hosts: ['youtube.com', 'youtu.be', 'youtube-nocookie.com'],
    sample: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ',
    cookies: 'private, for members, from an age on; often also against "not a bot"',
  },
  {
    name: 'Instagram',
    hosts: ['instagram.com', 'instagr.am'],
    sample: 'https://www.instagram.com/p/CTomrHIFc36/',
    cookies: 'nearly always',
  },
  {
    name: 'TikTok',
    hosts: ['tiktok.com'],
    sample: 'https://www.tiktok.com/@scout2015/video/6718335390845095173',
    cookies: 'private accounts',
  },
  {
    name: 'X',
    hosts: ['x.com', 'twitter.com', 't.co'],
    sample: 'https://x.com/NASA/status/1585344219384967168',
    cookies: 'posts from an age on, protected accounts',
  },
  {
    name: 'Facebook',
    hosts: ['facebook.com', 'fb.watch'],
    sample: 'https://www.facebook.com/watch/?v=274175099429670',
    cookies: 'groups, stories, most reels',
  },
  {
    name: 'Vimeo',
    hosts: ['vimeo.com'],
    sample: 'https://vimeo.com/76979871',
    cookies: 'private videos',
  },
  {
    name: 'Reddit',
    hosts: ['reddit.com', 'redd.it'],
    sample: 'https://www.reddit.com/r/videos/comments/6rrwyj/that_small_heart_attack/',
    cookies: 'often, when the server is in a data centre',
  },
  {
    name: 'SoundCloud',
    hosts: ['soundcloud.com'],
    sample: 'https://soundcloud.com/ethmusic/lostin-powers-she-so-heavy',
    cookies: 'files in full quality for those who pay',
  },
  {
    name: 'Twitch',
    hosts: ['twitch.tv'],
    sample: 'https://clips.twitch.tv/FaintLightGullWholeWheat',
    cookies: 'for subscribers only',
  },
  {
    name: 'Dailymotion',
    hosts: ['dailymotion.com', 'dai.ly'],
    sample: 'https://www.dailymotion.com/video/x5kesuj',
    cookies: 'not as a rule',
  },
  {
    name: 'Bilibili',
    hosts: ['bilibili.com', 'b23.tv'],
    sample: 'https://www.bilibili.com/video/BV13x41117TL',
    cookies: 'more than 480 lines',
  },
  {
    name: 'Bandcamp',
    hosts: ['bandcamp.com'],
    sample: 'https://relapsealumni.bandcamp.com/track/hail-to-fire',
    cookies: 'not as a rule',
  },
  {
    name: 'Mixcloud',
    hosts: ['mixcloud.com'],
    sample: 'https://www.mixcloud.com/dholbach/cryptkeeper/',
    cookies: 'not as a rule',
  },
  {
    name: 'Odysee',
    hosts: ['odysee.com'],
    sample: 'https://odysee.com/@gardeningincanada:b/plants-i-will-never-grow-again.-the:e',
    cookies: 'not as a rule',
  },
  {
    name: 'Rumble',
    hosts: ['rumble.com'],
    sample: 'https://rumble.com/vdmum1-moose-the-dog-helps-girls-dig-a-snow-fort.html',
    cookies: 'not as a rule',
  },
  { name: 'Streamable', hosts: ['streamable.com'], sample: 'https://streamable.com/dnd1', cookies: 'not as a rule' },
  {
    name: 'VK',
    hosts: ['vk.com', 'vkvideo.ru'],
    sample: 'https://vk.com/video-77521_162222515',
    cookies: 'private videos',
  },
  { name: 'OK', hosts: ['ok.ru'], sample: 'https://ok.ru/video/20079905452', cookies: 'private videos' },
  {
    name: 'Rutube',
    hosts: ['rutube.ru'],
    sample: 'https://rutube.ru/video/3eac3b4561676c17df9132a9a1e62e3e/',
    cookies: 'not as a rule',
  },
  {
    name: 'Niconico',
    hosts: ['nicovideo.jp', 'nico.ms'],
    sample: 'https://www.nicovideo.jp/watch/sm22312215',
    cookies: 'for members',
  },
  { name: 'Kick', hosts: ['kick.com'], sample: 'https://kick.com/xqc', cookies: 'against "not a bot"' },
  {
    name: 'Pinterest',
    hosts: ['pinterest.com', 'pin.it'],
    sample: 'https://www.pinterest.com/pin/664281013778109217/',
    cookies: 'not as a rule',
  },
  {
    name: 'Tumblr',
    hosts: ['tumblr.com'],
    sample: 'https://www.tumblr.com/anyaboz/765332564457209856/my-music-video-for-selkie-by-nobodys-wolf-child',
    cookies: 'some blogs',
  },
  {
    name: 'Bluesky',
    hosts: ['bsky.app'],
    sample: 'https://bsky.app/profile/blu3blue.bsky.social/post/3l4omssdl632g',
    cookies: 'not as a rule',
  },
  {
    name: 'Threads',
    hosts: ['threads.net', 'threads.com'],
    sample: 'https://www.threads.com/@tntsportsbr/post/C6cqebdCfBi',
    cookies: 'not verified',
  },
  {
    name: 'Internet Archive',
    hosts: ['archive.org'],
    sample: 'https://archive.org/details/XD300-23_68HighlightsAResearchCntAugHumanIntellect',
    cookies: 'lent items',
  },
  {
    name: 'TED',
    hosts: ['ted.com'],
    sample: 'https://www.ted.com/talks/candace_parker_how_to_break_down_barriers_and_not_accept_limits',
    cookies: 'not as a rule',
  },
]

export interface Site {
  readonly name: string
  /** With everything below them. */
  readonly hosts: readonly string[]
  /** A public page of theirs, for `jackdaw engines --test`. */
  readonly sample: string
  /** What is not shown without the cookies of somebody who is signed in. */
  readonly cookies: string
}

/** The site that a web address belongs to. */
export function siteOf(url: URL): Site | undefined {
  return mediaSites.find(({ hosts }) =>
    hosts.some((host) => url.hostname === host || url.hostname.endsWith(`.${host}`)),
  )
}
