import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { isFault } from '@jackdaw/contract/faults.ts'
import type { Part } from '@jackdaw/contract/nouns/media.ts'
import { transportConformance } from '#test/conformance/transport.ts'
import { Pages } from '#test/fakes/pages/pages.ts'
import { TestRun } from '#test/fakes/run.ts'
import { Site } from '#test/fakes/site/site.ts'
import { openTools, type Tools } from '#test/fakes/tools.ts'
import { createYtdlpTransport } from './transport.ts'

const transport = createYtdlpTransport()
let tools: Tools
before(async () => void (tools = await openTools()))
after(async () => await tools[Symbol.asyncDispose]())

const partOf = (link: string, format: string): Part => ({
  transport: 'ytdlp',
  name: 'film.mp4',
  type: 'video/mp4',
  site: '127.0.0.1',
  request: { link, format },
})

transportConformance(
  transport,
  async () => {
    const site = await Site.start()
    let link = ''
    return {
      part(bytes, slow = false) {
        link = site.file(bytes, `type=video/mp4${slow ? '&rate=2500000' : ''}`, 'film.mp4')
        return partOf(link, 'mp4')
      },
      sha256: (bytes) => site.content.sha256(bytes),
      sent: () => (link === '' ? 0 : site.counts(link).bytes),
      [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
    }
  },
  () => tools,
)

test('what is behind the cookies of a page is moved with them', async () => {
  await using site = await Pages.start()
  await using run = await TestRun.start<{ of: string }>({ tools })
  const cookies = '127.0.0.1\tFALSE\t/\tFALSE\t0\tdoor\topen'
  const [asset] = await transport.fetch(partOf(site.link('members.html'), '0'), { cookies }, run)
  assert.equal(asset?.bytes, 'the file /media/members.mp4\n'.length)
  const seen = site.asked.findLast(({ path }) => path === '/media/members.mp4')?.headers['cookie'] ?? ''
  assert.match(seen, /door=open/)
  assert.match(seen, /visit=1/)
})

test('the member of a page’s list that is meant is the one that comes', async () => {
  await using site = await Pages.start()
  await using run = await TestRun.start<{ of: string }>({ tools })
  const part = partOf(`${site.link('two.html')}#jackdaw-item=2`, '0')
  const [asset] = await transport.fetch(part, {}, run)
  assert.equal(asset?.bytes, 'the file /media/b.mp4\n'.length)
  assert.equal(site.times('/media/a.mp4'), 0)
})

test('a stream is put together of its fragments without ffmpeg', async () => {
  await using site = await Pages.start()
  await using run = await TestRun.start<{ of: string }>({ tools })
  const [asset] = await transport.fetch(partOf(site.link('stream.html'), 'hls-1500'), {}, run)
  assert.equal(asset?.bytes, 3 * 1000)
  assert.deepEqual(
    tools.started.filter(({ tool }) => tool !== 'yt-dlp'),
    [],
  )
})

test('a beginning of something else is not taken for ours', async () => {
  await using site = await Pages.start()
  await using first = await TestRun.start<{ of: string }>({ tools })
  await transport.fetch(partOf(site.link('watch.html'), '0'), {}, first)
  await using second = await TestRun.start<{ of: string }>({
    tools,
    dir: first.dir,
    checkpoint: first.saved[0] ?? { of: '' },
  })
  const [asset] = await transport.fetch(partOf(site.link('og.html'), '0'), {}, second)
  assert.equal(asset?.bytes, 'the file /media/og.mp4\n'.length)
})

test('a format that is gone since is asked for anew, and nothing is left', async () => {
  await using site = await Pages.start()
  await using run = await TestRun.start<{ of: string }>({ tools })
  await assert.rejects(transport.fetch(partOf(site.link('watch.html'), 'no"such\\format'), {}, run), (error) =>
    isFault(error, 'source.expired'),
  )
  assert.ok(!(await readdir(run.dir)).includes('media'))
})

test('what was killed goes on where it was', async () => {
  await using site = await Site.start()
  const bytes = 4_000_000
  const link = site.file(bytes, 'type=video/mp4&rate=2500000', 'film.mp4')
  await using first = await TestRun.start<{ of: string }>({ tools })
  const report = first.report.bind(first)
  first.report = (progress) => {
    report(progress)
    const { pid } = tools.started.at(-1) ?? assert.fail()
    if (progress.done > bytes / 2) process.kill(pid, 'SIGKILL')
  }
  await assert.rejects(transport.fetch(partOf(link, 'mp4'), {}, first), (error) => isFault(error, 'house.tool-failed'))
  const before = site.counts(link).bytes
  await using second = await TestRun.start<{ of: string }>({
    tools,
    dir: first.dir,
    checkpoint: first.saved[0] ?? { of: '' },
  })
  const [asset] = await transport.fetch(partOf(link, 'mp4'), {}, second)
  assert.equal(asset?.sha256, site.content.sha256(bytes))
  assert.ok(site.counts(link).bytes - before < bytes * 0.75, `${site.counts(link).bytes - before} bytes sent again`)
})
