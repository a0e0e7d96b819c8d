import type { Config } from './fields.ts'

/** What single values cannot know: rules between keys, stricter the nearer the house is to the public. Pure. */
export function checkTogether(config: Config): { faults: string[]; notices: string[] } {
  const faults: string[] = []
  const notices: string[] = []
  const strict = config.environment !== 'development'
  const must = (fine: boolean, says: string) => {
    if (!fine) (strict ? faults : notices).push(says)
  }
  if (config.publicUrl !== undefined && !isLoopback(new URL(config.publicUrl).hostname)) {
    must(config.publicUrl.startsWith('https:'), 'JACKDAW_PUBLIC_URL: outside development it must begin with https://')
  }
  if (!isLoopback(config.host)) {
    faults.push(
      `JACKDAW_HOST: ${config.host} can be reached from outside, and there are no accounts yet: listen on 127.0.0.1 and put a proxy with a sign-in of its own before it`,
    )
  }
  if (config.environment === 'production' && ['trace', 'debug'].includes(config.logLevel)) {
    notices.push(`JACKDAW_LOG_LEVEL: ${config.logLevel} writes a great deal in production`)
  }
  return { faults, notices }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}
