import { z } from 'zod'
import { catalogue, Fault, FaultView, fromView } from './faults.ts'

/** A fault over HTTP: `application/problem+json` (RFC 9457) with our code, facts and what to do next. */
export const Problem = z.object({
  type: z.string().describe('urn:jackdaw:fault: and the code'),
  title: z.string().describe('the same for every fault of this code'),
  status: z.number().int(),
  detail: z.string().describe('what happened and what to do, for people'),
  code: z.string(),
  facts: FaultView.shape.facts,
  next: FaultView.shape.next,
  requestId: z.string().describe('names this request in the log'),
})
export type Problem = z.infer<typeof Problem>

export const problemType = 'application/problem+json'

export function toProblem(fault: Fault, requestId: string): Problem {
  const { code, says, next, facts } = fault.view()
  return {
    type: `urn:jackdaw:fault:${code}`,
    title: titleOf(catalogue[fault.code].says),
    status: fault.status,
    detail: says,
    code,
    facts,
    next,
    requestId,
  }
}

/** The sentence without what differs from case to case. */
function titleOf(says: string): string {
  return says.replace(/: \{\w+\}|\s*\(\{\w+\}\)/g, '').replace(/\{(\w+)\}/g, '$1')
}

/** The fault of an answer with that media type; `house.bug` when the body is none, as of a proxy in between. */
export function fromProblem(body: unknown, status: number): Fault {
  const problem = Problem.safeParse(body)
  if (!problem.success) return new Fault('house.bug', { incident: `HTTP ${status}` })
  const { code, detail, next, facts } = problem.data
  return fromView({ code, says: detail, next, facts })
}
