import { benchLimits, openBenchHouse } from './house.ts'

// A worker of its own process whose fetches never end, to be killed: `holder.ts URL DATA`. Says "ready".
const [, , url = '', data = ''] = process.argv
const house = await openBenchHouse({ url, data, limits: benchLimits, hold: true })
await house.work()
process.stdout.write('ready\n')
