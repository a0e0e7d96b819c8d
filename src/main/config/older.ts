/** What a variable of an older program has become here. `successor` is the name that takes its place. */
export interface Older {
  readonly successor: string
  /** Why the value is not used. */
  readonly says: string
}

const telegram = 'the Telegram bot is not part of this version'
const redis = 'Redis is not part of this version; caches live in memory'
const accounts = 'accounts and roles are not part of this version'
const limits = 'rate limits are not part of this version'
const bunny = 'Bunny is not part of this version'

/**
 * Variables that old installations carry and that are not aliases of a key of ours. Each is named with its successor at
 * start, so that nobody believes in a setting that has no effect.
 */
export const older: Readonly<Record<string, Older>> = {
  BOT_TOKEN: { successor: 'JACKDAW_TELEGRAM_TOKEN', says: telegram },
  TELEGRAM_BOT_TOKEN: { successor: 'JACKDAW_TELEGRAM_TOKEN', says: telegram },
  TELEGRAM_API: { successor: 'JACKDAW_TELEGRAM_API_ID', says: telegram },
  TELEGRAM_HASH: { successor: 'JACKDAW_TELEGRAM_API_HASH', says: telegram },
  OWNER_ID: { successor: 'JACKDAW_OWNER', says: accounts },
  AUTHORIZED_CHATS: { successor: 'JACKDAW_TELEGRAM_CHATS', says: telegram },
  SUDO_USERS: { successor: 'JACKDAW_ADMINS', says: accounts },
  REDIS_URL: { successor: 'JACKDAW_REDIS_URL', says: redis },
  REDIS_HOST: { successor: 'JACKDAW_REDIS_URL', says: redis },
  ENABLE_REDIS_CACHE: { successor: 'JACKDAW_REDIS_URL', says: redis },
  ENABLE_CACHE: { successor: 'JACKDAW_CACHE_SECONDS', says: 'caches are always on' },
  CACHE_TTL: { successor: 'JACKDAW_CACHE_SECONDS', says: 'each cache has its own lifetime' },
  RATE_LIMIT_PER_MINUTE: { successor: 'JACKDAW_RATE_PER_MINUTE', says: limits },
  RATE_LIMIT_PER_HOUR: { successor: 'JACKDAW_RATE_PER_HOUR', says: limits },
  ENABLE_METRICS: { successor: 'nothing', says: 'metrics are always on, under /metrics' },
  ENABLE_CELERY: { successor: 'jackdaw serve --as worker', says: 'the queue is built in' },
  SENTRY_DSN: { successor: 'JACKDAW_SENTRY_DSN', says: 'Sentry is not part of this version' },
  API_TOKEN: { successor: '--header', says: 'tokens of platforms belong to the person who fetches' },
  TOKEN_CP: { successor: '--header', says: 'tokens of platforms belong to the person who fetches' },
  ADDA_TOKEN: { successor: '--header', says: 'tokens of platforms belong to the person who fetches' },
  CORS_ORIGINS: {
    successor: 'JACKDAW_CORS_ORIGINS',
    says: 'older programs let every origin in with it; here each one is listed',
  },
  BUNNY_API_KEY: { successor: 'JACKDAW_BUNNY_KEY', says: bunny },
  BUNNY_LIBRARY_ID: { successor: 'JACKDAW_BUNNY_LIBRARY', says: bunny },
  BUNNY_PULL_ZONE: { successor: 'JACKDAW_BUNNY_ZONE', says: bunny },
}

/** Names of ours that a later version reads: given early they are a notice, not a fault. */
export const later: ReadonlyMap<string, string> = new Map(
  Object.values(older)
    .filter(({ successor }) => successor.startsWith('JACKDAW_'))
    .map(({ successor, says }) => [successor, says]),
)
