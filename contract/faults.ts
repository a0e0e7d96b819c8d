import { z } from 'zod'

/** What the runner does after a fault: end the step, try it again, ask the next engine, or go on once something changed. */
export type Next = 'stop' | 'retry' | 'elsewhere' | 'resume'

type Row = { readonly status: number; readonly exit: number; readonly next: Next; readonly says: string }

const row = (status: number, exit: number, next: Next, says: string): Row => ({ status, exit, next, says })

/**
 * Every fault there is: HTTP status, exit code, what the runner does next, and the sentence for people.
 * Codes are forever: a retired code is never given another meaning. `{name}` is replaced by that fact.
 */
export const catalogue = {
  'link.invalid': row(422, 64, 'stop', 'This is not a link that can be fetched: {reason}.'),
  'link.unhandled': row(
    422,
    65,
    'stop',
    'No source here can take this link. See "jackdaw engines" for what is supported.',
  ),
  'link.private': row(
    403,
    77,
    'stop',
    'This link leads into a private network ({address}), which is not allowed. An operator can allow it with JACKDAW_NET_ALLOW.',
  ),
  'input.invalid': row(422, 64, 'stop', 'The request is not valid: {reason}.'),
  'input.unknown': row(404, 64, 'stop', 'There is no {noun} {id}.'),
  'input.conflict': row(409, 64, 'stop', 'This cannot be done now: {reason}.'),
  'input.too-large': row(413, 64, 'stop', 'The request is larger than {limit} bytes.'),
  'input.config': row(500, 64, 'stop', 'The configuration is not valid: {reason}'),
  'access.denied': row(403, 77, 'stop', 'You are not allowed to do this.'),
  'access.unauthenticated': row(401, 77, 'stop', 'Sign in first: the token is missing or not valid.'),
  'access.expired': row(410, 77, 'stop', 'This link has expired or was revoked. Ask for a new one.'),
  'access.host': row(
    421,
    77,
    'stop',
    'Nobody here is called {host}. If this address is meant to lead here, an operator adds it to JACKDAW_HOSTS.',
  ),
  'quota.exceeded': row(429, 75, 'resume', 'The quota is used up: {reason}. It resets at {resetsAt}.'),
  'quota.rate': row(429, 75, 'stop', 'Too many requests. Try again in {retryAfterSeconds} seconds.'),
  'quota.file-size': row(413, 73, 'stop', 'The file has {bytes} bytes; at most {limit} are allowed here.'),
  'source.declined': row(422, 65, 'elsewhere', 'This source does not take the link.'),
  'source.gone': row(410, 66, 'stop', 'There is nothing at this link any more ({reason}). Check the link.'),
  'source.denied': row(
    403,
    77,
    'stop',
    'The site refuses access ({reason}). It may need a login: give --header, --cookies or a password.',
  ),
  'source.unreachable': row(502, 75, 'retry', 'The site cannot be reached ({reason}). It is tried again by itself.'),
  'source.throttled': row(503, 75, 'retry', 'The site asks to slow down. It is tried again later by itself.'),
  'source.broken': row(502, 75, 'retry', 'The site failed ({reason}). It is tried again by itself.'),
  'source.stalled': row(504, 75, 'retry', 'No data came for {seconds} seconds. It is tried again by itself.'),
  'source.truncated': row(
    502,
    75,
    'retry',
    'The transfer ended early: {bytes} of {expected} bytes. It goes on from there.',
  ),
  'source.changed': row(502, 75, 'retry', 'The file changed while it was being fetched. It is fetched anew.'),
  'source.certificate': row(
    502,
    75,
    'stop',
    'The certificate of the site is not valid ({reason}), so nothing was fetched.',
  ),
  'source.refused': row(502, 66, 'stop', 'The site answered {status}, which will not change by trying again.'),
  'source.login': row(
    401,
    77,
    'stop',
    'The site shows this only to people who are signed in ({reason}). Give it the cookies of your browser: --cookies FILE.',
  ),
  'source.bot-check': row(
    403,
    77,
    'stop',
    'The site takes us for a robot. The cookies of a browser that is signed in there usually help: --cookies FILE.',
  ),
  'source.region': row(451, 77, 'stop', 'The site does not show this in our part of the world ({reason}).'),
  'source.protected': row(
    403,
    65,
    'stop',
    'This is encrypted ({reason}), and without its keys it stays so. Give keys that you have with --key.',
  ),
  'source.no-media': row(
    422,
    65,
    'stop',
    'No media was found behind this link ({reason}). To fetch the page itself, add --page.',
  ),
  'source.not-yet': row(425, 75, 'stop', 'This is not there yet ({reason}). Ask for it again then.'),
  'source.malformed': row(502, 65, 'stop', 'What the site sent cannot be read: {reason}.'),
  'source.short': row(
    502,
    75,
    'retry',
    'Only {seconds} of {expected} seconds of media came. What is missing is fetched again by itself.',
  ),
  'source.expired': row(
    410,
    75,
    'stop',
    'The address that the site had given has run out. It is asked for anew, once.',
  ),
  'source.partial': row(
    502,
    66,
    'stop',
    '{failed} of {count} could not be fetched: {names}. "jackdaw retry" tries those again.',
  ),
  'process.failed': row(422, 70, 'stop', 'The file could not be processed: {reason}.'),
  'process.not-media': row(422, 65, 'stop', 'The file is not audio, video or a picture.'),
  'process.password': row(
    422,
    77,
    'stop',
    '{name} needs a password, or another one than was given. Nothing was lost: give it with --archive-password-file FILE.',
  ),
  'process.unsafe': row(422, 65, 'stop', '{name} was not unpacked: {reason}.'),
  'process.broken': row(422, 65, 'stop', '{name} is damaged or incomplete: {reason}.'),
  'process.unsupported': row(422, 69, 'stop', 'The programs installed here cannot do this: {reason}.'),
  'destination.unknown': row(422, 64, 'stop', 'There is no destination "{destination}".'),
  'destination.denied': row(403, 69, 'stop', 'The destination refuses the file ({reason}).'),
  'destination.unwritable': row(
    507,
    73,
    'stop',
    'Cannot write to {path}: {reason}. Nothing was lost; "jackdaw retry" goes on once it is mended.',
  ),
  'destination.full': row(507, 73, 'retry', 'No space is left on {path}. It goes on by itself once there is room.'),
  'destination.unreachable': row(
    502,
    69,
    'retry',
    'The destination cannot be reached ({reason}). It is tried again by itself.',
  ),
  'destination.exists': row(409, 73, 'stop', 'There is a different file at {path} already; it was not overwritten.'),
  'job.cancelled': row(409, 130, 'stop', 'The job was cancelled.'),
  'job.failed': row(500, 70, 'stop', 'The job failed.'),
  'step.deadly': row(500, 70, 'stop', 'The step stopped its worker {deaths} times in a row, so it is not tried again.'),
  'step.deadline': row(504, 75, 'retry', 'The step took longer than {seconds} seconds.'),
  'step.exhausted': row(502, 75, 'stop', 'It failed {tries} times; the last time: {reason}'),
  'step.inputs-lost': row(
    500,
    70,
    'stop',
    'The files that this step needs are gone from this machine. "jackdaw retry" fetches them again.',
  ),
  'lease.lost': row(409, 75, 'stop', 'Another worker has taken over this step.'),
  'house.bug': row(500, 70, 'stop', 'Something went wrong inside Jackdaw. The log has the details under {incident}.'),
  'house.stopping': row(503, 75, 'resume', 'Jackdaw is stopping; this goes on after the next start.'),
  'house.unreachable': row(
    503,
    75,
    'retry',
    'The server of this house does not answer ({reason}). Jobs go on with it.',
  ),
  'house.database': row(503, 75, 'retry', 'The database cannot be reached ({reason}).'),
  'house.database-unfit': row(503, 69, 'stop', 'The database cannot be used: {reason}.'),
  'house.disk-full': row(507, 73, 'retry', 'The disk of Jackdaw is full. It goes on by itself once there is room.'),
  'house.unwritable': row(500, 73, 'stop', 'The data folder {path} cannot be written: {reason}.'),
  'house.missing-tool': row(503, 69, 'stop', 'The program {tool} is not installed. {how}'),
  'house.tool-failed': row(502, 70, 'stop', '{tool} failed (exit {exit}): {reason}'),
  'house.not-updated': row(
    502,
    75,
    'stop',
    '{tool} was not updated: {address} cannot be reached ({reason}). The one that is here stays. Try again later, or name another address by JACKDAW_YTDLP_RELEASES.',
  ),
  'house.absent': row(501, 69, 'stop', 'This is not available here: {reason}.'),
} as const satisfies Record<string, Row>

export type FaultCode = keyof typeof catalogue
export type Facts = Readonly<Record<string, string | number | boolean | undefined>>

/** The form in which a fault is stored and sent: never with secrets, never with a stack. */
export const FaultView = z.object({
  code: z.string(),
  says: z.string(),
  next: z.enum(['stop', 'retry', 'elsewhere', 'resume']),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
})
export type FaultView = z.infer<typeof FaultView>

/**
 * Something that went wrong, with a code from the catalogue. `facts` hold ids and numbers, never secrets; the original
 * error travels as `cause`. `next` overrules the row's (`source.broken` that is known to be final, say).
 */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly code: FaultCode
  readonly facts: Facts
  readonly next: Next

  constructor(code: FaultCode, facts: Facts = {}, options: { cause?: unknown; next?: Next } = {}) {
    super(sentence(code, facts), options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.facts = facts
    this.next = options.next ?? catalogue[code].next
  }

  get status(): number {
    return catalogue[this.code].status
  }

  get exit(): number {
    return catalogue[this.code].exit
  }

  /** Milliseconds that the far side asked us to wait, if it did. */
  get retryAfterMs(): number | undefined {
    const seconds = this.facts['retryAfterSeconds']
    return typeof seconds === 'number' ? seconds * 1000 : undefined
  }

  view(): FaultView {
    const facts = Object.fromEntries(
      Object.entries(this.facts)
        .filter(([, value]) => value !== undefined)
        // JSON has no such numbers, and a fault that could not be stored would keep its step for ever.
        .map(([name, value]) => [name, typeof value === 'number' && !Number.isFinite(value) ? String(value) : value]),
    )
    return FaultView.parse({ code: this.code, says: this.message, next: this.next, facts })
  }
}

/** The fault as it is, or `house.bug` with the thrown thing as its cause. */
export function asFault(thrown: unknown, facts: Facts = {}): Fault {
  return thrown instanceof Fault ? thrown : new Fault('house.bug', facts, { cause: thrown })
}

/** Whether the fault has one of these codes. */
export function isFault(thrown: unknown, ...codes: readonly FaultCode[]): thrown is Fault {
  return thrown instanceof Fault && (codes.length === 0 || codes.includes(thrown.code))
}

/** Reads a stored fault; a code that the catalogue does not know (from a newer version) becomes `house.bug`. */
export function fromView(view: FaultView): Fault {
  const code = view.code in catalogue ? (view.code as FaultCode) : 'house.bug'
  return new Fault(code, view.facts, { next: view.next })
}

function sentence(code: FaultCode, facts: Facts): string {
  return catalogue[code].says.replace(/\{(\w+)\}/g, (_, name: string) => String(facts[name] ?? 'unknown'))
}
