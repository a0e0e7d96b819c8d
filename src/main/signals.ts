/**
 * Calls back at the first of these signals. Who asks a second time does not want to wait for the tidying up: the process
 * ends at once with 130. The answer takes the listener away again.
 */
export function onSignals(signals: readonly NodeJS.Signals[], listener: (signal: string) => void): () => void {
  let asked = false
  const heard = (signal: NodeJS.Signals) => {
    if (asked) process.exit(130)
    asked = true
    listener(signal)
  }
  for (const signal of signals) process.on(signal, heard)
  return () => {
    for (const signal of signals) process.off(signal, heard)
  }
}
