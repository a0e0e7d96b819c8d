import { localRun } from '#test/fakes/local-run.ts'
import { TestRun, type TestRunHow } from '#test/fakes/run.ts'

/** A run with a network and with programs. */
export async function streamRun<C>(how: TestRunHow<C> = {}): Promise<TestRun<C>> {
  const run = await TestRun.start<C>(how)
  const { spawn } = localRun(run.dir, { signal: run.signal })
  return Object.defineProperty(run, 'spawn', { value: spawn })
}
