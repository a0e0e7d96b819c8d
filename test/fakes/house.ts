import { Client } from 'pg'
import { openEmbedded } from '#db/embedded.ts'
import { quiet } from '#test/postgres.ts'

/**
 * A process that opens the embedded database of the folder in its arguments, writes one line of JSON about it and
 * stays until its stdin ends; with `--forget` it comes to its end without closing. A fault is written likewise.
 */
const [dir = '', how] = process.argv.slice(2)
try {
  const database = await openEmbedded({ dir, log: quiet })
  const client = new Client({ connectionString: database.url })
  await client.connect()
  const { rows } = await client.query('select pg_postmaster_start_time()::text as started')
  await client.end()
  say({ url: database.url, cluster: database.cluster, started: rows[0].started })
  if (how !== '--forget') {
    process.stdin.resume()
    await new Promise((resolve) => process.stdin.once('end', resolve))
    await database[Symbol.asyncDispose]()
  }
} catch (error) {
  say({ fault: error instanceof Error ? error.message : String(error) })
  process.exitCode = 1
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}
