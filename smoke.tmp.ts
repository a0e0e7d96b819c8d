import { test } from 'node:test'
import { testPipeline, idleEngines } from '/work/main/test/pipeline.ts'
test('x', async (t) => {
  const p = await testPipeline(t, 'postgres://jd:jd@127.0.0.1/jd', idleEngines)
  const ids = await p.start('https://a.example/1')
  await p.worker()
  console.log(await p.until(ids[0]!))
  console.log((await p.pool.query('select seq,type,data from events order by seq')).rows)
  let t0=performance.now()
  const [id] = await p.start('https://a.example/1')
  console.log(await p.until(id!), performance.now()-t0)
  const many = Array.from({length:2000},(_,i)=>'https://a.example/'+i)
  t0=performance.now()
  const all = await p.start(...many)
  console.log('started', performance.now()-t0)
  t0=performance.now()
  for (const j of all) await p.until(j)
  console.log('done', performance.now()-t0)
})
