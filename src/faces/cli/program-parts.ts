/** Makes commander's action of a function that takes arguments and options and gives the exit code. */
export type Run = (act: (args: string[], options: never) => Promise<number>) => (...given: unknown[]) => Promise<void>

/** The examples that each help ends with. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  jackdaw ${line}`).join('\n')}`
}

/** Of an option that may repeat: everything that was given. */
export function collect(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value]
}
