import { parseArgs } from 'node:util'

// `npm run bench -- NAME…`: each bench is a module of this folder with `bench(rounds)`.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '5' } },
})
if (positionals.length === 0 || positionals.some((name) => !/^[a-z-]+$/.test(name))) {
  process.stderr.write('npm run bench -- http [--rounds 5]\n')
  process.exit(64)
}
for (const name of positionals) {
  const { bench } = (await import(`./${name}.ts`)) as { bench: (rounds: number) => Promise<void> } // by convention
  await bench(Number(values.rounds))
}
