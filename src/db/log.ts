import type { BaseLogger } from 'pino'

/** What the database layer needs of a logger. */
export type Log = Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'>
