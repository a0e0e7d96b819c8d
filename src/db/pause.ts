import { setTimeout as sleep } from 'node:timers/promises'

/** Waits; throws the signal's own reason when aborted, where Node's would wrap it into an AbortError. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => signal?.throwIfAborted())
}
