import type { IncomingMessage, ServerResponse } from 'node:http'

export interface Asked {
  readonly url: URL
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly origin: string
  /** A place that no page may lead us to. */
  readonly elsewhere: string
}
export type Page = (asked: Asked) => void

const html = (response: ServerResponse, body: string, status = 200) =>
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(`<!doctype html><html>${body}</html>`)
const xml = (response: ServerResponse, body: string) =>
  response.writeHead(200, { 'content-type': 'application/rss+xml' }).end(`<?xml version="1.0"?>${body}`)
const feed = (title: string, items: string) =>
  `<rss version="2.0"><channel><title>${title}</title>${items}</channel></rss>`

const master = `#EXTM3U
#EXT-X-STREAM-INF:BANDWIDTH=400000,RESOLUTION=320x180,CODECS="avc1.42c00c,mp4a.40.2"
low.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1500000,RESOLUTION=640x360,FRAME-RATE=50,CODECS="avc1.42c01e,mp4a.40.2"
high.m3u8
`

const media = [
  '#EXTM3U',
  '#EXT-X-TARGETDURATION:2',
  '#EXT-X-VERSION:3',
  ...[1, 2, 3].flatMap((n) => ['#EXTINF:2,', `${n}.ts`]),
  '#EXT-X-ENDLIST',
  '',
].join('\n')
const playlist: Page = ({ response }) =>
  response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(media)
const segment: Page = ({ response, url }) =>
  response.writeHead(200, { 'content-type': 'video/mp2t' }).end(Buffer.alloc(1000, url.pathname))

/** Every page of the site, by its path. */
export const pages = {
  /** HTML5 video with a picture and subtitles. */
  'watch.html': ({ response }) =>
    html(
      response,
      `<head><title>A film</title></head><body><video poster="/media/cover.jpg">
       <source src="/media/film.mp4" type="video/mp4"><track kind="subtitles" src="/media/film.en.vtt" srclang="en">
       </video></body>`,
    ),
  /** What social networks read. */
  'og.html': ({ response, origin }) =>
    html(
      response,
      `<head><title>Page</title><meta property="og:title" content="Open Graph">
       <meta property="og:video" content="${origin}/media/og.mp4"><meta property="og:video:type" content="video/mp4"></head>`,
    ),
  /** What search engines read. */
  'ld.html': ({ response, origin }) =>
    html(
      response,
      `<head><title>Page</title><script type="application/ld+json">${JSON.stringify({
        '@context': 'https://schema.org',
        '@type': 'VideoObject',
        name: 'Linked data',
        description: 'Told to machines',
        contentUrl: `${origin}/media/ld.mp4`,
        uploadDate: '2024-05-06T07:08:09Z',
        duration: 'PT1M30S',
        thumbnailUrl: [`${origin}/media/ld.jpg`],
      })}</script></head>`,
    ),
  'two.html': ({ response }) =>
    html(
      response,
      '<head><title>Two films</title></head><video src="/media/a.mp4"></video><video src="/media/b.mp4"></video>',
    ),
  /** Thirty pages, of which the 7th and the 23rd are gone. */
  'feed.xml': ({ response, origin }) =>
    xml(
      response,
      feed(
        'Thirty films',
        Array.from(
          { length: 30 },
          (_, at) =>
            `<item><title>Film ${at + 1}</title><link>${origin}/${at === 6 || at === 22 ? 'gone' : 'watch'}.html?n=${at + 1}</link></item>`,
        ).join(''),
      ),
    ),
  /** Members that lead nowhere good. */
  'odd.xml': ({ response, origin, elsewhere }) =>
    xml(
      response,
      feed(
        'Odd links',
        [
          'file:///etc/passwd',
          `${elsewhere}/secret`,
          `${origin}/odd.xml`,
          'javascript:alert(1)',
          `${origin}/watch.html`,
        ]
          .map((link) => `<item><title>x</title><link>${link}</link></item>`)
          .join(''),
      ),
    ),
  /** More members than anybody wants. */
  'long.xml': ({ response, origin }) => {
    response.writeHead(200, { 'content-type': 'application/rss+xml' })
    response.write('<?xml version="1.0"?><rss version="2.0"><channel><title>Long</title>')
    for (let at = 0; at < 10_050; at++)
      response.write(`<item><title>F</title><link>${origin}/watch.html?n=${at}</link></item>`)
    response.end('</channel></rss>')
  },
  /** A page without an end. */
  'endless.html': ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/html' })
    const chunk = `<p>${'and so on '.repeat(10_000)}</p>`
    const more = () => {
      while (!response.destroyed) if (!response.write(chunk)) return void response.once('drain', more)
    }
    more()
  },
  /** Nobody answers. */
  'silent.html': () => undefined,
  'stream.html': ({ response }) =>
    html(
      response,
      '<head><title>A stream</title></head><video><source src="/master.m3u8" type="application/x-mpegURL"></video>',
    ),
  'master.m3u8': ({ response }) =>
    response.writeHead(200, { 'content-type': 'application/vnd.apple.mpegurl' }).end(master),
  'high.m3u8': playlist,
  'low.m3u8': playlist,
  '1.ts': segment,
  '2.ts': segment,
  '3.ts': segment,
  /** Only for those who have the cookie; the site gives another one on the way. */
  'members.html': ({ request, response }) => {
    if (!/\bdoor=open\b/.test(request.headers.cookie ?? '')) return html(response, 'Log in', 403)
    response.setHeader('set-cookie', 'visit=1; Path=/')
    return html(response, '<head><title>Members</title></head><video src="/media/members.mp4"></video>')
  },
  /** Its file is only for those who were on the page. */
  'visit.html': ({ response }) => {
    response.setHeader('set-cookie', 'visit=7; Path=/')
    return html(response, '<head><title>A visit</title></head><video src="/media/visit.mp4"></video>')
  },
  'text.html': ({ response }) => html(response, '<head><title>Only words</title></head><p>Nothing to see</p>'),
  'gone.html': ({ response }) => html(response, 'gone', 404),
  'busy.html': ({ response }) => html(response, 'later', 429),
  'broken.html': ({ response }) => html(response, 'oh', 500),
  'moved.html': ({ response, elsewhere }) => response.writeHead(302, { location: `${elsewhere}/secret` }).end(),
  /** Its film is inside the house. */
  'inside.html': ({ response, elsewhere }) =>
    html(
      response,
      `<head><title>Inside</title></head><video><source src="${elsewhere}/secret.m3u8" type="application/x-mpegURL"></video>`,
    ),
  /** Titles, descriptions and languages that want to be something else. */
  'script.html': ({ response }) =>
    html(
      response,
      `<head><title>--exec=id &lt;script&gt;alert(1)&lt;/script&gt; ../../etc/passwd &#27;[31m&#8238;gpj.exe</title>
       <meta name="description" content="&lt;script&gt;alert(2)&lt;/script&gt;&#27;[2J"></head>
       <body><video><source src="/media/film.mp4" type="video/mp4">
       <track kind="subtitles" src="/media/film.en.vtt" srclang="../../x"><track kind="subtitles" src="javascript:alert(3)" srclang="de"></video></body>`,
    ),
  /** A film that says that it is a page. */
  'poisoned.mp4': ({ response }) =>
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(Buffer.concat([Buffer.from('000000186674797069736f6d', 'hex'), Buffer.alloc(2000)])),
  /** A page that says that it is a film. */
  'page.mp4': ({ response }) =>
    response.writeHead(200, { 'content-type': 'video/mp4' }).end('<!doctype html><title>x</title>'),
} as const satisfies Record<string, Page>
