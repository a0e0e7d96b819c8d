/** Links and what they are cleaned to: example, test and documentation in one. `at` is where a clip begins, in seconds. */
export const cases: readonly { readonly link: string; readonly clean: string; readonly at?: number }[] = [
  { link: 'https://youtu.be/aqz-KE-bpKQ?si=AbCdEf123', clean: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ' },
  { link: 'https://youtu.be/aqz-KE-bpKQ?t=90', clean: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ', at: 90 },
  {
    link: 'https://m.youtube.com/watch?v=aqz-KE-bpKQ&feature=share&t=1m30s',
    clean: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ',
    at: 90,
  },
  {
    link: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ#t=1h2m3s',
    clean: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ',
    at: 3723,
  },
  {
    link: 'https://www.youtube.com/embed/aqz-KE-bpKQ?start=12',
    clean: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ',
    at: 12,
  },
  { link: 'https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ', clean: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ' },
  {
    link: 'https://www.youtube.com/shorts/aqz-KE-bpKQ?feature=share',
    clean: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ',
  },
  { link: 'https://youtube.com/live/aqz-KE-bpKQ?si=x', clean: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ' },
  {
    link: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ&list=PL123&index=4&pp=x',
    clean: 'https://www.youtube.com/watch?v=aqz-KE-bpKQ&list=PL123&index=4',
  },
  {
    link: 'https://www.youtube.com/embed/videoseries?list=PL123',
    clean: 'https://www.youtube.com/playlist?list=PL123',
  },
  { link: 'https://www.youtube.com/playlist?list=PL123&si=x', clean: 'https://www.youtube.com/playlist?list=PL123' },
  {
    link: 'https://music.youtube.com/watch?v=aqz-KE-bpKQ&si=x',
    clean: 'https://music.youtube.com/watch?v=aqz-KE-bpKQ',
  },
  { link: 'https://www.youtube.com/@someone/videos', clean: 'https://www.youtube.com/@someone/videos' },
  { link: 'https://player.vimeo.com/video/76979871?autoplay=1#t=30s', clean: 'https://vimeo.com/76979871', at: 30 },
  { link: 'https://player.vimeo.com/video/76979871?h=8272103f6e', clean: 'https://vimeo.com/76979871/8272103f6e' },
  { link: 'https://vimeo.com/76979871?share=copy', clean: 'https://vimeo.com/76979871' },
  {
    link: 'https://instagram.com/p/CTomrHIFc36/?igsh=abc&utm_source=ig_web_copy_link',
    clean: 'https://www.instagram.com/p/CTomrHIFc36/',
  },
  {
    link: 'https://www.instagram.com/reel/CTomrHIFc36/embed/captioned/',
    clean: 'https://www.instagram.com/reel/CTomrHIFc36/',
  },
  { link: 'https://www.instagram.com/reels/CTomrHIFc36/', clean: 'https://www.instagram.com/reel/CTomrHIFc36/' },
  {
    link: 'https://www.tiktok.com/@someone/video/7388735022221495582?is_from_webapp=1&sender_device=pc',
    clean: 'https://www.tiktok.com/@someone/video/7388735022221495582',
  },
  {
    link: 'https://m.tiktok.com/@someone/video/7388735022221495582',
    clean: 'https://www.tiktok.com/@someone/video/7388735022221495582',
  },
  {
    link: 'https://www.tiktok.com/embed/v2/7388735022221495582',
    clean: 'https://www.tiktok.com/@_/video/7388735022221495582',
  },
  { link: 'https://vm.tiktok.com/ZMabcdef/?k=1', clean: 'https://vm.tiktok.com/ZMabcdef/' },
  {
    link: 'https://twitter.com/someone/status/1743302553641652500?s=20&t=abc',
    clean: 'https://x.com/someone/status/1743302553641652500',
  },
  {
    link: 'https://mobile.twitter.com/someone/status/1743302553641652500/video/1',
    clean: 'https://x.com/someone/status/1743302553641652500',
  },
  {
    link: 'https://platform.twitter.com/embed/Tweet.html?id=1743302553641652500',
    clean: 'https://x.com/i/status/1743302553641652500',
  },
  {
    link: 'https://m.facebook.com/watch/?v=274175099429670&ref=sharing',
    clean: 'https://www.facebook.com/watch/?v=274175099429670',
  },
  {
    link: 'https://www.facebook.com/plugins/video.php?href=https%3A%2F%2Fwww.facebook.com%2Fsomeone%2Fvideos%2F274175099429670%2F',
    clean: 'https://www.facebook.com/someone/videos/274175099429670/',
  },
  { link: 'https://fb.watch/abc123/?mibextid=x', clean: 'https://fb.watch/abc123/' },
  {
    link: 'https://old.reddit.com/r/videos/comments/abc123/title/?share_id=x&utm_medium=ios',
    clean: 'https://www.reddit.com/r/videos/comments/abc123/title/',
  },
  { link: 'https://v.redd.it/abc123', clean: 'https://v.redd.it/abc123' },
  { link: 'https://m.soundcloud.com/someone/song?si=x#t=1:30', clean: 'https://soundcloud.com/someone/song', at: 90 },
  {
    link: 'https://w.soundcloud.com/player/?url=https%3A%2F%2Fsoundcloud.com%2Fsomeone%2Fsong&auto_play=true',
    clean: 'https://soundcloud.com/someone/song',
  },
  {
    link: 'https://player.twitch.tv/?video=v123456&parent=example.org&t=1h',
    clean: 'https://www.twitch.tv/videos/123456',
    at: 3600,
  },
  {
    link: 'https://clips.twitch.tv/embed?clip=FunnyClip-abc&parent=example.org',
    clean: 'https://clips.twitch.tv/FunnyClip-abc',
  },
  { link: 'https://dai.ly/x8abcde', clean: 'https://www.dailymotion.com/video/x8abcde' },
  {
    link: 'https://www.dailymotion.com/embed/video/x8abcde?start=15&autoplay=1',
    clean: 'https://www.dailymotion.com/video/x8abcde',
    at: 15,
  },
  { link: 'https://example.org/a?utm_source=mail&id=7&fbclid=x&b=%20c', clean: 'https://example.org/a?id=7&b=%20c' },
  { link: 'https://example.org/a?si=7&feature=x&t=90&s=1', clean: 'https://example.org/a?si=7&feature=x&t=90&s=1' },
  { link: 'https://notyoutube.com/embed/aqz-KE-bpKQ', clean: 'https://notyoutube.com/embed/aqz-KE-bpKQ' },
  {
    link: 'https://v16-webapp.tiktok.com/video/x.mp4?expire=1&signature=2',
    clean: 'https://v16-webapp.tiktok.com/video/x.mp4?expire=1&signature=2',
  },
  { link: 'https://help.x.com/en/using-x?lang=de', clean: 'https://help.x.com/en/using-x?lang=de' },
  { link: 'ftp://example.org/a?utm_source=x', clean: 'ftp://example.org/a?utm_source=x' },
]
