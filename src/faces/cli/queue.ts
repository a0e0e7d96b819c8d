import { Fault } from '@jackdaw/contract/faults.ts'
import { Limits } from '@jackdaw/contract/operations/queue.ts'
import { asking } from './asking.ts'
import { plain, size, table } from './format.ts'
import type { CommonOptions, Host } from './host.ts'

type Json = CommonOptions & { readonly json?: boolean }

export async function showQueue(options: Json, host: Host): Promise<number> {
  return asking(options, host, async (client, say) => {
    const shown = await client.queue.show()
    if (options.json) return say(JSON.stringify(shown))
    if (shown.paused) say('The queue is paused. Go on: jackdaw queue resume')
    const states = ['waiting', 'ready', 'admitted', 'running', 'paused'] as const
    const rows = Object.entries(shown.kinds).map(([kind, counts]) => [
      kind,
      ...states.map((state) => String(counts?.[state] ?? 0)),
    ])
    for (const line of table([['', ...states], ...rows], 0)) say(line)
    say('limits')
    for (const line of table(limitRows(shown.limits), 0)) say(line)
    const { jobs } = await client.jobs.list({ state: 'open', limit: 20 })
    if (jobs.length > 0) say('open jobs')
    const open = jobs.map((job) => [`  ${job.id}`, job.state, String(job.priority), plain(job.title || job.link)])
    for (const line of table(open, host.terminal.stdout.columns ?? 0)) say(line)
  })
}

export async function pauseQueue(pause: boolean, options: CommonOptions, host: Host): Promise<number> {
  return asking(options, host, async (client, say) => {
    const { paused } = pause ? await client.queue.pause() : await client.queue.resume()
    say(paused ? 'The queue is paused; bytes are kept.' : 'The queue goes on.')
  })
}

export async function moveJob(id: string, to: string, options: CommonOptions, host: Host): Promise<number> {
  const before = /^before:(.+)$/.exec(to)?.[1]
  const place = to === 'next' || to === 'last' ? to : before === undefined ? undefined : { before }
  if (place === undefined) {
    throw new Fault('input.invalid', { reason: `expected next, last or before:ID, not "${to}"` })
  }
  return asking(options, host, async (client, say) => {
    const job = await client.jobs.move({ id, to: place })
    say(`${job.id}  ${job.state}  moved: ${to}`)
  })
}

export async function setPriority(id: string, text: string, options: CommonOptions, host: Host): Promise<number> {
  const priority = ([-1, 0, 1] as const).find((value) => value === Number(text))
  if (priority === undefined || text.trim() === '') {
    throw new Fault('input.invalid', { reason: `expected -1, 0 or 1, not "${text}"` })
  }
  return asking(options, host, async (client, say) => {
    const job = await client.jobs.prioritise({ id, priority })
    say(`${job.id}  ${job.state}  priority ${job.priority}`)
  })
}

export async function setLimits(typed: readonly string[], options: Json, host: Host): Promise<number> {
  const names = Object.keys(Limits.shape)
  const pairs = typed.map((text) => {
    const [, typedName = '', value = ''] = /^([^=]+)=(.*)$/.exec(text) ?? []
    const name = names.find((known) => known.toLowerCase() === typedName.toLowerCase().replace(/-/g, ''))
    if (name === undefined) {
      throw new Fault('input.invalid', { reason: `"${text}": expected name=value with one of ${names.join(', ')}` })
    }
    // Rates and sizes are texts such as 5M; everything else is a number.
    const isSize = name === 'bandwidth' || name === 'freeBytes'
    return [name, isSize ? value.replace(/\/s$/i, '') : value === '' ? Number.NaN : Number(value)] as const
  })
  const parsed = Limits.partial().safeParse(Object.fromEntries(pairs))
  if (!parsed.success) {
    const reason = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
    throw new Fault('input.invalid', { reason })
  }
  return asking(options, host, async (client, say) => {
    const limits = await client.queue.limit(parsed.data)
    for (const line of table(limitRows(limits), 0)) say(line)
  })
}

function limitRows(limits: Readonly<Record<string, number>>): string[][] {
  return Object.entries(limits).map(([name, value]) => {
    const text =
      name === 'freeBytes'
        ? size(value)
        : name !== 'bandwidth'
          ? String(value)
          : value === 0
            ? 'none'
            : `${size(value)}/s`
    return [`  ${name}`, text]
  })
}
