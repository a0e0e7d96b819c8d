import pkg from '../../package.json' with { type: 'json' }
process.stdout.write(`${pkg.version}\n`)
