import { mediaSites } from '#kernel/links/media-sites.ts'

/** Links that yt-dlp is asked for, and those that it is not: example, test and documentation in one. */
export const cases = {
  takes: [
    ...mediaSites.map(({ name, sample }) => ({ link: sample, why: `a page of ${name}`, atLeast: 0.9 })),
    { link: 'https://youtu.be/aqz-KE-bpKQ', why: 'its short form', atLeast: 0.9 },
    { link: 'https://m.youtube.com/shorts/aqz-KE-bpKQ', why: 'on a telephone', atLeast: 0.9 },
    { link: 'https://music.youtube.com/playlist?list=PLabc', why: 'a list of songs', atLeast: 0.9 },
    { link: 'https://vm.tiktok.com/ZMabcdef/', why: 'a short link that only the site can read', atLeast: 0.9 },
  ],
  refuses: [
    { link: 'ftp://youtube.com/a', why: 'not the web' },
    { link: 'file:///etc/passwd', why: 'a file of this machine' },
    { link: 'magnet:?xt=urn:btih:0000000000000000000000000000000000000000', why: 'a torrent' },
    { link: 'ytsearch:cats', why: 'a search, and no link' },
    { link: '--exec=id', why: 'an option, and no link' },
  ],
  /** Pages like any other: it is asked for them once the direct source has found out that they are pages. */
  leaves: [
    { link: 'https://example.org/film.mp4', why: 'the file itself' },
    { link: 'https://example.org/page', why: 'it is asked once this has turned out to be a page' },
    { link: 'https://notyoutube.com/watch?v=aqz-KE-bpKQ', why: 'another site with a similar name' },
    { link: 'https://youtube.com.example.org/watch?v=aqz-KE-bpKQ', why: 'a name that only begins so' },
  ],
} as const
