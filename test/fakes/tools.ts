import { findTool, toolCatalogue, type ToolName } from '#kernel/child/tools.ts'
import { spawnChild } from '#kernel/child/child.ts'
import { createGuard } from '#kernel/net/guard.ts'
import { openProxy } from '#kernel/net/proxy.ts'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Run, SpawnHow } from '#pipeline/engine.ts'

type Spawned = Awaited<ReturnType<Run<unknown>['spawn']>>

/** Real programs behind the real guard, as a worker starts them. */
export interface Tools extends AsyncDisposable {
  /** What was started, in order. */
  readonly started: { readonly tool: string; readonly args: readonly string[]; readonly pid: number }[]
  spawn(
    run: Pick<Run<unknown>, 'dir' | 'signal'>,
    tool: string,
    args: readonly string[],
    how?: SpawnHow,
  ): Promise<Spawned>
}

/** `allow` is what the guard lets through besides public addresses: 127.0.0.1 unless told otherwise. */
export async function openTools(allow: readonly string[] = ['127.0.0.1/32']): Promise<Tools> {
  const proxy = await openProxy({ guard: createGuard({ allow }) })
  const searchPath = process.env['PATH'] ?? ''
  const started: Tools['started'][number][] = []
  return {
    started,
    async spawn({ dir, signal }, tool, args, how = {}) {
      const ticket = proxy.admit()
      const configured = process.env[`JACKDAW_${tool.replace('-', '').toUpperCase()}`]
      const known = tool in toolCatalogue ? await findTool(tool as ToolName, configured, searchPath) : undefined
      const child = await spawnChild({
        tool,
        path: known ?? tool,
        args,
        cwd: how.cwd ?? dir,
        searchPath,
        env: { ...how.env, ...ticket.environment },
        ...(how.stdin && { stdin: how.stdin }),
        ...(how.inputs && { inputs: how.inputs }),
        signal,
        mark: 'test.1',
      })
      started.push({ tool, args, pid: child.pid })
      const done = child.done
        .catch((thrown: unknown) => {
          throw isFault(thrown, 'house.tool-failed') && ticket.fault ? ticket.fault : thrown
        })
        .finally(() => ticket[Symbol.dispose]())
      done.catch(() => undefined) // whoever does not wait for the end does not want its fault either
      return { ...child, done }
    },
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}
