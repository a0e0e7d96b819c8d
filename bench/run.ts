// `npm run bench -- NAME …`: each bench is a module of this folder with `bench(args)`, which reads its own options.
const benches = ['hls', 'http', 'process', 'queue'] as const
const [name, ...args] = process.argv.slice(2)
const known = benches.find((one) => one === name)
if (known === undefined) {
  process.stderr.write(`npm run bench -- ${benches.join('|')} [--rounds 5] [--only PART,PART]\n`)
  process.exit(64)
}
const { bench } = (await import(`./${known}.ts`)) as { bench: (args: readonly string[]) => Promise<void> } // by convention
await bench(args)
