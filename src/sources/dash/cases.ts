/** Links the dash source takes and refuses: example, test and documentation in one. */
export const cases = {
  takes: [
    { link: 'https://example.org/show/manifest.mpd', why: 'a DASH manifest by its name', atLeast: 0.9 },
    { link: 'https://example.org/show/Stream.MPD?token=1#t=5', why: 'however it is written', atLeast: 0.9 },
    { link: 'https://example.org/show.ism/manifest(format=mpd-time-csf)', why: 'how Azure names them', atLeast: 0.9 },
    { link: 'https://example.org/show.ism/.mpd', why: 'how Unified Streaming names them', atLeast: 0.9 },
  ],
  refuses: [
    { link: 'ftp://example.org/manifest.mpd', why: 'streams come over HTTP' },
    { link: 'file:///srv/manifest.mpd', why: 'a file of this machine' },
    { link: 'magnet:?xt=urn:btih:0000000000000000000000000000000000000000&dn=x.mpd', why: 'a torrent' },
    { link: 'example.org/manifest.mpd', why: 'cleaning a link is not its task' },
  ],
} as const
