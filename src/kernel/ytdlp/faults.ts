import { Fault, type Facts, type FaultCode } from '@jackdaw/contract/faults.ts'
import { maskText } from '../mask.ts'
import { cleanTitle } from '../title.ts'

/**
 * What yt-dlp's own words mean: undefined when they say nothing that is known. `said` is what it wrote to stderr; the last
 * line that begins with ERROR counts. The words are those of its extractors, so their order here matters: a sentence
 * about a robot also asks to sign in. Pure.
 */
export function ytdlpFault(said: string): Fault | undefined {
  const error = lastError(said)
  if (error === undefined) return undefined
  const rule = rules.find(({ words }) => words.test(error))
  if (rule === undefined) return undefined
  return new Fault(rule.code, { ...rule.facts, reason: rule.reason ?? reasonOf(error) })
}

/** The last sentence after ERROR as it may be shown: without what only helps at a prompt; undefined when there is none. */
export function ytdlpReason(said: string): string | undefined {
  const error = lastError(said)
  return error === undefined ? undefined : reasonOf(error)
}

interface Rule {
  readonly words: RegExp
  readonly code: FaultCode
  readonly facts?: Facts
  /** Instead of yt-dlp's words. */
  readonly reason?: string
}

const rules: readonly Rule[] = [
  { words: /No space left on device|Disk quota exceeded/, code: 'house.disk-full' },
  { words: /\bDRM\b/, code: 'source.protected', reason: 'DRM' },
  {
    words: /not a bot|captcha|anti-bot|unusual traffic|Cloudflare.{0,40}challenge|JS challenge|are you a human/i,
    code: 'source.bot-check',
  },
  {
    words:
      /Premieres? (?:in|will)|will begin in|(?:has )?not (?:yet )?started|is upcoming|will be available (?:in|on|at)|Live in \d/i,
    code: 'source.not-yet',
  },
  {
    words:
      /geo.?(?:restrict|block)|(?:not|un)available (?:in|from|to) (?:your|this) (?:country|location|region)|in your (?:country|region)|not made this video available in your|available only in|VPN/i,
    code: 'source.region',
  },
  { words: /IP (?:address )?is blocked|blocked your IP|IP has been/i, code: 'source.denied' },
  {
    words:
      /log(?:ged)?[ -]?in\b|sign[ -]?in\b|login|registered users|private video|(?:account|video|playlist|channel|content|this) is private|members?[- ]only|join this channel|subscribers?[ -]only|requires? (?:authentication|payment|a subscription|purchase)|follow this account|empty media response|cookies.{0,40}(?:needed|required|necessary)|account credentials|age[- ]restricted|confirm your age|Restricted Video|premium (?:members|users|subscribers)|password/i,
    code: 'source.login',
  },
  { words: /HTTP Error 429|Too Many Requests|rate.?limit/i, code: 'source.throttled' },
  {
    words:
      /HTTP Error (?:404|410)|removed|deleted|no longer (?:available|exists)|(?:does not|doesn't|doesn’t) exist|terminated|suspended|video (?:is )?(?:unavailable|not available)|content (?:is not|isn't|isn’t) available|not found|page (?:is not|isn't) available/i,
    code: 'source.gone',
  },
  {
    words: /CERTIFICATE_VERIFY_FAILED|certificate verify failed|SSLCertVerificationError/i,
    code: 'source.certificate',
  },
  { words: /HTTP Error (?:401|403|407|451)|Forbidden/, code: 'source.denied' },
  {
    words:
      /HTTP Error 5\d\d|IncompleteRead|Remote end closed|Connection (?:reset|aborted)|EOF occurred|bytes read, \d+ more expected/,
    code: 'source.broken',
  },
  {
    words: /explicitly disabled|unknown url type/i,
    code: 'source.malformed',
    reason: 'the page names an address that is not of the web',
  },
  {
    words:
      /timed out|Connection refused|Name or service not known|getaddrinfo|name resolution|Network is unreachable|No route to host|Unable to connect to proxy|Tunnel connection failed|TransportError|urlopen error/i,
    code: 'source.unreachable',
  },
  {
    words: /Unsupported URL/,
    code: 'source.no-media',
    reason: 'yt-dlp finds neither film nor sound on the page',
  },
  {
    words:
      /is not a valid URL|No video formats|Requested format is not available|no (?:video|media|playable|downloadable|audio)|Only images are available|does not (?:have|contain) any? ?(?:video|media)|not a video|Unable to extract (?:video|embed|iframe) url/i,
    code: 'source.no-media',
  },
  {
    // The sentence that yt-dlp adds to what it does not understand itself.
    words:
      /please report this issue|Unable to extract|Failed to (?:parse|extract)|Cannot parse|JSONDecodeError|KeyError|is marked as broken/i,
    code: 'source.malformed',
    reason:
      'the site has changed what it sends, or this yt-dlp is too old for it; "jackdaw update yt-dlp" fetches the newest',
  },
]

function lastError(said: string): string | undefined {
  return said
    .split(/\r?\n/)
    .findLast((line) => line.startsWith('ERROR:'))
    ?.slice('ERROR:'.length)
    .trim()
}

function reasonOf(error: string): string {
  const sentence = error
    .replace(/^\[[\w:.+-]{1,60}\]\s*/, '')
    // The id of what was asked for, which may be a whole address.
    .replace(/^[^\s:]{1,200}:\s+(?=\S)/, '')
    .replace(/;? please report this issue on.*$/, '')
    .replace(/\s*\(caused by .*$/, '')
    .replace(/[.;]?\s+(?:Use|See|Confirm you are|You might want to|Pass)\s.*$/s, '')
    .replace(/https?:\/\/\S+/g, (link) => URL.parse(link)?.hostname ?? 'a link')
  return cleanTitle(maskText(sentence)).replace(/[.\s]+$/, '') || 'it does not say why'
}
