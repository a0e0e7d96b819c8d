import { Fault, isFault } from '@jackdaw/contract/faults.ts'
import { sevenZipReason } from '#kernel/sevenzip.ts'

/** What it means that 7zz or unar gave up on an archive; everything but `house.tool-failed` comes back as it is. */
export function toolFault(thrown: unknown, name: string): unknown {
  if (!isFault(thrown, 'house.tool-failed')) return thrown
  const said = String(thrown.facts['reason'])
  // Nobody answered its question: there is no password.
  if (
    /wrong password|encrypted archive|break signaled|requires a password/i.test(said) ||
    thrown.facts['exit'] === 255
  ) {
    return new Fault('process.password', { name }, { cause: thrown })
  }
  if (/no space left|errno=28/i.test(said)) return new Fault('house.disk-full', {}, { cause: thrown })
  if (/unsupported method|unsupported feature/i.test(said)) {
    return new Fault(
      'process.unsupported',
      { reason: `${name} is packed by a method that is not known here` },
      { cause: thrown },
    )
  }
  return new Fault('process.broken', { name, reason: sevenZipReason(thrown).replace(/\.$/, '') }, { cause: thrown })
}

export function unsafe(name: string, reason: string): Fault {
  return new Fault('process.unsafe', { name, reason })
}
