import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs'

/** A line of JSON beside the bytes: where they stand. Written by one small write, so that a kill leaves the old or the new one. */
export class Journal {
  readonly #path: string
  #fd: number | undefined
  #length = 0

  constructor(path: string) {
    this.#path = path
  }

  /** What was written last, or undefined when there is nothing that can be read. */
  read(): unknown {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8'))
    } catch {
      return undefined // absent or torn: whoever reads starts over
    }
  }

  write(value: unknown): void {
    this.#fd ??= openSync(this.#path, 'w')
    const line = `${JSON.stringify(value)}\n`
    this.#length = Math.max(this.#length, line.length)
    writeSync(this.#fd, line.padEnd(this.#length), 0, 'latin1')
  }

  remove(): void {
    this.close()
    try {
      unlinkSync(this.#path)
    } catch {
      // never written: nothing to remove
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd)
    this.#fd = undefined
  }
}

/** Changes with every start of the machine; '' where the system does not tell. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return '' // not Linux: positions are believed across a restart of the machine as well
  }
}
