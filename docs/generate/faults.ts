import { catalogue } from '@jackdaw/contract/faults.ts'
import { code, page, table } from './markdown.ts'

const families: Readonly<Record<string, string>> = {
  link: 'the caller: the link',
  input: 'the caller: the request',
  access: 'the caller: rights',
  quota: 'the caller: limits',
  source: 'the far side',
  process: 'the file',
  destination: 'where it goes',
  job: 'the job',
  step: 'a step of a job',
  lease: 'the queue',
  house: 'Jackdaw itself',
}

/** The catalogue of faults by family. */
export function faultsPage(): string {
  const names = [...new Set(Object.keys(catalogue).map(familyOf))]
  return page(
    'Faults',
    'Everything that can go wrong has a code that never changes its meaning. `next` is what happens by itself: `stop` ' +
      '(nothing), `retry` (the step is tried again later), `elsewhere` (another engine is asked), `resume` (it goes on once ' +
      'something has changed). Over HTTP a fault is `application/problem+json` with this status; the command line ends with ' +
      'this exit code.',
    ...names.flatMap((family) => [`## ${family}: ${families[family] ?? family}`, rows(family)]),
  )
}

function rows(family: string): string {
  const found = Object.entries(catalogue).filter(([name]) => familyOf(name) === family)
  return table(
    ['code', 'status', 'exit', 'next', 'what people read'],
    found.map(([name, { status, exit, next, says }]) => [code(name), String(status), String(exit), next, says]),
  )
}

function familyOf(name: string): string {
  return name.replace(/\..*/, '')
}
