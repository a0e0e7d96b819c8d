import { Fault } from '@jackdaw/contract/faults.ts'
import { FTPError } from 'basic-ftp'
import { networkFault } from '#kernel/http/network-fault.ts'

/** What an FTP reply (RFC 959 4.2) or a broken connection means for a fetch. */
export function ftpFault(error: unknown, stallMs: number): Fault {
  const known = networkFault(error)
  if (known instanceof Fault) return known
  if (error instanceof FTPError) {
    const { code } = error
    const reason = `FTP ${code}`
    if (code === 550 || code === 553) return new Fault('source.gone', { reason }, { cause: error })
    if (code === 530 || code === 532) return new Fault('source.denied', { reason }, { cause: error })
    if (code === 421) return new Fault('source.throttled', {}, { cause: error })
    if (code >= 500) return new Fault('source.refused', { status: code }, { cause: error })
    return new Fault('source.broken', { reason }, { cause: error })
  }
  if (error instanceof Error && error.message.startsWith('Timeout')) {
    return new Fault('source.stalled', { seconds: stallMs / 1000 }, { cause: error })
  }
  return new Fault('source.broken', { reason: 'the connection was cut' }, { cause: error })
}
