/** Links the HLS source takes and refuses: example, test and documentation in one. */
export const cases = {
  takes: [
    { link: 'https://example.org/film/master.m3u8', why: 'a playlist by its name', atLeast: 0.9 },
    { link: 'https://example.org/film/index.M3U8?token=a.b', why: 'whatever stands behind the name', atLeast: 0.9 },
    { link: 'http://example.org/list.m3u', why: 'the older name of playlists', atLeast: 0.9 },
  ],
  refuses: [
    { link: 'file:///srv/list.m3u8', why: 'a file of this machine' },
    { link: 'ftp://example.org/list.m3u8', why: 'its segments would have to come by HTTP' },
    { link: 'magnet:?xt=urn:btih:0000000000000000000000000000000000000000', why: 'a torrent' },
  ],
} as const
