// Preloaded (`node --import`): kills its own process with SIGKILL just before its KILL_AT-th change to the file system.
// NO_LINKS=1 plays a file system without hard links.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const at = Number(process.env['KILL_AT'] ?? Number.NaN)
const changes = ['link', 'rm', 'rename', 'copyFile', 'chmod', 'open', 'mkdir'] as const
let count = 0

const countChange = (): void => {
  if (count++ === at) process.kill(process.pid, 'SIGKILL')
}

for (const name of changes) {
  // Patched by name: the signatures differ, and are passed through as they are.
  const promises = fs.promises as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  const real = promises[name]
  promises[name] = async (...args) => {
    countChange()
    if (name === 'link' && process.env['NO_LINKS'] === '1') {
      throw Object.assign(new Error('EPERM: link'), { code: 'EPERM', errno: -1 })
    }
    return real?.(...args)
  }
}

const { createWriteStream } = fs
fs.createWriteStream = (...args) => {
  countChange()
  const stream = createWriteStream(...args)
  stream.once('ready', () => stream.once('drain', countChange))
  return stream
}

syncBuiltinESMExports()
