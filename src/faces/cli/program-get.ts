import type { Command } from 'commander'
import type { Host } from './host.ts'
import { type Run, collect, examples } from './program-parts.ts'

export function getCommand(program: Command, run: Run, host: Host): void {
  const command = program
    .command('get')
    .summary('fetch what is behind links')
    .description('Fetches what is behind one or more links, and leaves it in this folder unless told otherwise.')
    .argument('[link...]', 'what to fetch; links that begin with "-" come after "--"')
  placeFlags(command).option('-n, --name <name>', 'name of the finished file (one link only)')
  mediaFlags(command)
    .optionsGroup('Choices:')
    .option('--choose', 'ask in the terminal which quality to take')
    .option('-F, --list-choices', 'say what there is to choose from, with ids, and take nothing')
    .option('--choice <id>', 'take the choice of this id instead of the one that fits')
    .optionsGroup('Lists:')
    .option('--list-only', 'of a list behind a link: a text file with its links instead of the media')
    .option('--list <file>', 'a link or "title: link" per line, # for comments; - for standard input')
    .option('--skip-bad', 'leave out bad lines of the list instead of refusing it')
    .option('--strict', 'one after another instead of side by side')
  secretFlags(command)
    .option('-H, --header <name: value>', 'header for the site; may repeat', collect)
    .option('-u, --user <name[:password]>', 'basic authentication; better with --password-file')
    .option('--password-file <file>', 'the password for --user')
    .option('--netrc [file]', 'logins from a netrc file (~/.netrc)')
    .optionsGroup('Transfer:')
    .option('-l, --limit <rate>', 'bytes per second, such as 500k or 5M')
    .option('-c, --connections <n>', 'most connections to one site; adaptive when absent')
    .option('--no-wait', 'only put into the queue and print the ids')
    .optionsGroup('Output:')
    .option('--json', 'one JSON line per event, at the end one per finished job')
    .option('-q, --quiet', 'say nothing but errors')
    .addHelpText(
      'after',
      examples(
        'get https://example.org/film.mp4 --out ~/Films --name "The film.mp4"',
        "get 'https://example.org/watch?v=1' --quality 720 --subs en,de",
        "get 'https://example.org/watch?v=1' --list-choices",
        'get https://example.org/talk --audio mp3 --clip 1:30-2:00',
        'get https://example.org/playlist --items 1-5,8',
        'get https://example.org/live.m3u8 --record 1h30m',
        'get https://example.org/a.zip --extract --archive-password-file secret.txt',
        "get https://example.org/film.mkv --step 'convert preset=mp4' --to library",
        'get --list lectures.txt --out lectures --strict',
      ),
    )
    .action(run(async (args, options) => (await import('./get.ts')).get(args, options, host)))
}

/** Where finished files go. */
export function placeFlags(command: Command): Command {
  return command
    .optionsGroup('Where to:')
    .option('-o, --out <dir>', 'folder for the finished files')
    .option('-t, --to <destination>', 'where to: library, folder:/path; may repeat', collect)
}

/** What is fetched and what is made of it. */
export function mediaFlags(command: Command): Command {
  return command
    .optionsGroup('What to take:')
    .option('--quality <lines>', qualityHelp)
    .option('--audio [format]', 'only the sound: mp3, m4a, opus, flac, wav; as it is when absent')
    .option('--language <languages>', 'of the sound, the preferred first, such as en,de', collect)
    .option('--subs <languages>', 'subtitles such as en,de, or all', collect)
    .option('--subs-as <how>', 'embed (into the file) or files (beside it)')
    .option('--max-size <size>', 'refuse what is larger, such as 2G; where there is a choice, take one that fits')
    .option('--record <time>', 'of something live: record this long, such as 90, 5:00, 1h30m')
    .option('--page', 'the page itself instead of the media on it')
    .optionsGroup('Clips:')
    .option('--clip <from-to>', 'only this stretch: 1:30-2:00, 90-; may repeat', collect)
    .option('--join-clips', 'the clips as one file instead of a file each')
    .option('--exact', 'cut at the very frame, which takes longer; else at key frames')
    .optionsGroup('Lists:')
    .option('--items <range>', 'which of a list: 1-5,8,12-')
    .optionsGroup('What is made of it:')
    .option('--recipe <name>', 'recipe to work on it with; see "jackdaw recipes"')
    .option('--step <step>', "a processing step: 'NAME key=value …'; may repeat", collect)
    .option('--extract', 'unpack archives')
}

/** What `--quality` takes, for people. */
export const qualityHelp = 'at most so many lines: 720, 1080p, 4k; or best, worst'

/** What opens a door, at the far side or in a file. */
export function secretFlags(command: Command): Command {
  return command
    .optionsGroup('Access:')
    .option('--cookies <file>', 'cookie file in Netscape format')
    .option('--key <[kid:]key>', 'a key that you have, in hex, for encrypted media; may repeat', collect)
    .option('--key-file <file>', 'such keys, one per line; arguments can be read by others on the machine')
    .option('--archive-password-file <file>', 'the password of an archive')
}
