/** Links the direct source takes and refuses: example, test and documentation in one. */
export const cases = {
  takes: [
    { link: 'https://example.org/film.mkv', why: 'a file with a file’s name', atLeast: 0.3 },
    { link: 'http://example.org/download?id=7', why: 'any web address may turn out to be a file', atLeast: 0.1 },
    { link: 'https://example.org/', why: 'what is behind it shows whether it is a file or a page', atLeast: 0.1 },
    { link: 'ftp://example.org/pub/disc.iso', why: 'nobody else speaks FTP', atLeast: 0.5 },
  ],
  refuses: [
    { link: 'magnet:?xt=urn:btih:0000000000000000000000000000000000000000', why: 'a torrent' },
    { link: 'file:///etc/passwd', why: 'a file of this machine' },
    { link: 'rtmp://example.org/live', why: 'a live stream' },
    { link: 'example.org/film.mkv', why: 'cleaning a link is not its task' },
    { link: 'javascript:alert(1)', why: 'no address at all' },
  ],
} as const
