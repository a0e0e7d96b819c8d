import type { Config } from './fields.ts'

/** What single values cannot know: rules between keys, stricter the nearer the house is to the public. Pure. */
export function checkTogether(config: Config): { faults: string[]; notices: string[] } {
  const faults: string[] = []
  const notices: string[] = []
  const exposed = !isLoopback(config.host)
  const strict = config.environment !== 'development'
  const must = (fine: boolean, says: string) => {
    if (!fine) (strict ? faults : notices).push(says)
  }
  if (config.publicUrl !== undefined && !isLoopback(new URL(config.publicUrl).hostname)) {
    must(config.publicUrl.startsWith('https:'), 'JACKDAW_PUBLIC_URL: outside development it must begin with https://')
  }
  if (exposed) {
    must(
      config.publicUrl !== undefined,
      `JACKDAW_HOST: ${config.host} can be reached from outside; give JACKDAW_PUBLIC_URL, the https address of the proxy before it`,
    )
    must(
      config.apiToken !== undefined && config.apiToken.length >= 32,
      `JACKDAW_HOST: ${config.host} can be reached from outside; give a JACKDAW_API_TOKEN of at least 32 characters`,
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
