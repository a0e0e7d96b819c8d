import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FaultCode } from '@jackdaw/contract/faults.ts'
import { ytdlpFault, ytdlpReason } from './faults.ts'

/** What yt-dlp's extractors really say, as met in its source and in what people report. */
const messages: readonly (readonly [FaultCode, string])[] = [
  [
    'source.bot-check',
    '[youtube] tpUr8xVxj-w: Sign in to confirm you’re not a bot. Use --cookies-from-browser or --cookies for the authentication. See  https://github.com/yt-dlp/yt-dlp/wiki/FAQ  for how to manually pass cookies.',
  ],
  ['source.bot-check', "[youtube] tpUr8xVxj-w: Sign in to confirm you're not a bot. This helps protect our community"],
  [
    'source.bot-check',
    '[generic] Got HTTP Error 403 caused by Cloudflare anti-bot challenge; try again with  --extractor-args "generic:impersonate"',
  ],
  ['source.login', '[youtube] abc: Sign in to confirm your age. This video may be inappropriate for some users.'],
  ['source.login', '[youtube] abc: Private video. Sign in if you’ve been granted access to this video'],
  [
    'source.login',
    "[youtube] abc: This video is available to this channel's members on level: A. Join this channel to get access to members-only content and other exclusive perks.",
  ],
  [
    'source.login',
    '[Instagram] DMiGcwLok9U: Requested content is not available, rate-limit reached or login required. Use --cookies-from-browser or --cookies for the authentication.',
  ],
  [
    'source.login',
    '[Instagram] DMi: Instagram sent an empty media response. Check if this post is accessible in your browser without being logged-in.',
  ],
  [
    'source.login',
    '[Instagram] Clq: You need to log in to access this content. Use --cookies, --cookies-from-browser, --username and --password',
  ],
  ['source.login', '[twitter] 174: NSFW tweet requires authentication. Use --cookies-from-browser'],
  ['source.login', "[TikTok] 738: This user's account is private. Log into an account that has access"],
  ['source.login', '[facebook] 27: This video is only available for registered users. Use --cookies'],
  ['source.login', '[vimeo] 76: This video is protected by a password, use the --video-password option'],
  ['source.login', '[Douyin] 69: Fresh cookies (not necessarily logged in) are needed'],
  ['source.region', '[youtube] abc: The uploader has not made this video available in your country'],
  [
    'source.region',
    '[youtube] abc: Video unavailable. This video contains content from WMG, who has blocked it in your country on copyright grounds',
  ],
  ['source.region', '[vimeo] 76: This video is not available from your location due to geo restriction'],
  ['source.denied', '[TikTok] 7624508884811582728: Your IP address is blocked from accessing this post'],
  [
    'source.denied',
    '[generic] Unable to download webpage: HTTP Error 403: Forbidden (caused by <HTTPError 403: Forbidden>)',
  ],
  [
    'source.throttled',
    '[soundcloud] a: Unable to download JSON metadata: HTTP Error 429: Too Many Requests (caused by <HTTPError 429: Too Many Requests>)',
  ],
  ['source.throttled', '[soundcloud] a: You have exceeded the rate limit. Try again later'],
  [
    'source.throttled',
    '[youtube] abc: Video unavailable. The current session has been rate-limited by YouTube for up to an hour.',
  ],
  [
    'source.gone',
    "[generic] None: Unable to download webpage: HTTP Error 404: File not found (caused by <HTTPError 404: 'File not found'>); please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= , filling out the appropriate issue template.",
  ],
  [
    'source.gone',
    '[generic] nothing: Unable to download webpage: HTTP Error 410: Gone (caused by <HTTPError 410: Gone>)',
  ],
  ['source.gone', '[youtube] abc: Video unavailable'],
  ['source.gone', '[youtube] abc: Video unavailable. This video has been removed by the uploader'],
  [
    'source.gone',
    '[youtube] abc: Video unavailable. This video is no longer available because the YouTube account associated with this video has been terminated.',
  ],
  ['source.gone', '[twitch:clips] Abc: This clip is no longer available'],
  ['source.gone', '[twitter] 17: Tweet has been deleted'],
  ['source.gone', '[youtube:tab] @x: The page does not exist'],
  ['source.no-media', 'Unsupported URL: https://example.org/page'],
  [
    'source.no-media',
    '[generic] page: No video formats found!; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= ',
  ],
  ['source.no-media', '[twitter] 17: No video could be found in this tweet'],
  ['source.no-media', '[Instagram] DMi: There is no video in this post'],
  [
    'source.no-media',
    '[youtube] abc: Requested format is not available. Use --list-formats for a list of available formats',
  ],
  [
    'source.malformed',
    '[generic] Got error: <urlopen error file:// URLs are explicitly disabled in yt-dlp for security reasons>',
  ],
  ['source.malformed', '[generic] a: Unable to download webpage: <urlopen error unknown url type: javascript>'],
  ['source.protected', '[brightcove:new] 1: This video is DRM protected'],
  ['source.protected', '[Netflix] 1: The requested site is known to use DRM protection. It will NOT be supported.'],
  ['source.not-yet', '[youtube] abc: This live event will begin in 3 days.'],
  ['source.not-yet', '[youtube] abc: Premieres in 2 hours'],
  ['source.not-yet', '[twitter:spaces] 1: Twitter Space not started yet'],
  [
    'source.unreachable',
    "[generic] None: Unable to download webpage: <urlopen error [Errno 111] Connection refused> (caused by URLError(ConnectionRefusedError(111, 'Connection refused')))",
  ],
  [
    'source.unreachable',
    "[generic] Unable to download webpage: HTTPSConnectionPool(host='a.invalid', port=443): Failed to resolve 'a.invalid' ([Errno -2] Name or service not known) (caused by TransportError('...'))",
  ],
  [
    'source.unreachable',
    '[vimeo] 76: Unable to download webpage: The read operation timed out (caused by TransportError("The read operation timed out"))',
  ],
  [
    'source.unreachable',
    "[twitter] 1743302553641652500: Unable to download JSON metadata: ('Unable to connect to proxy', OSError('Tunnel connection failed: 502 Bad Gateway')) (caused by ProxyError)",
  ],
  [
    'source.broken',
    '[generic] Unable to download webpage: HTTP Error 503: Service Unavailable (caused by <HTTPError 503: Service Unavailable>)',
  ],
  ['source.broken', '[generic] Unable to download webpage: 5 bytes read, 10 more expected'],
  [
    'source.certificate',
    '[generic] Unable to download webpage: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate (_ssl.c:992)',
  ],
  [
    'source.malformed',
    '[TikTok] 738: Unable to extract webpage video data; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= , filling out the appropriate issue template. Confirm you are on the latest version using  yt-dlp -U',
  ],
  [
    'source.malformed',
    '[facebook] 27: Cannot parse data; please report this issue on  https://github.com/yt-dlp/yt-dlp/issues?q= ',
  ],
  ['house.disk-full', 'unable to write data: [Errno 28] No space left on device'],
]
for (const [code, message] of messages) {
  test(`"${message.slice(0, 90)}" is ${code}`, () => {
    assert.equal(ytdlpFault(`WARNING: [x] something else\nERROR: ${message}\n`)?.code, code)
  })
}

test('the reason is a sentence without ids, addresses and advice for a prompt', () => {
  const reason = (text: string) => ytdlpReason(`ERROR: ${text}`)
  assert.equal(reason(messages[0]?.[1] ?? ''), 'Sign in to confirm you’re not a bot')
  assert.equal(reason('Unsupported URL: https://example.org/page?token=hush'), 'Unsupported URL: example.org')
  assert.equal(
    reason('[generic] None: Unable to download webpage: HTTP Error 404: Gone (caused by <x>); please report this'),
    'Unable to download webpage: HTTP Error 404: Gone',
  )
})

test('warnings alone and silence mean nothing', () => {
  assert.equal(ytdlpFault('WARNING: [generic] Falling back on generic information extractor'), undefined)
  assert.equal(ytdlpFault(''), undefined)
  assert.equal(ytdlpFault('ERROR: something that nobody has seen before'), undefined)
})

test('what a site writes into an error cannot draw on a terminal', () => {
  assert.doesNotMatch(ytdlpReason('ERROR: [x] a: \u001B[31mred\u202Etxt') ?? '', /[\p{Cc}\u202E]/u)
})
