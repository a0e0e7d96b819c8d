import { enableCompileCache } from 'node:module'

// Before anything else is imported: a second start does not strip and compile the same files again.
enableCompileCache()

const { runCli } = await import('#faces/cli/program.ts')
const { processHost } = await import('./host.ts')

const host = processHost()
const code = await runCli(process.argv.slice(2), host)
// What was written reaches a slow pipe first; then we leave, whatever a library still keeps open.
process.exitCode = code
process.stderr.write('', () => process.stdout.write('', () => process.exit(code)))
