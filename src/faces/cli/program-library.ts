import type { Command } from 'commander'
import type { Host } from './host.ts'
import { type Run, examples } from './program-parts.ts'

export function libraryCommands(program: Command, run: Run, host: Host): void {
  const library = program
    .command('library')
    .summary('what is kept, and links to it')
    .description('Lists what is kept, removes it, hands out links to it, verifies it.')
    .addHelpText(
      'after',
      examples('library ls film', 'library link 01H8X --expires 7d --uses 3', 'library verify', 'library rm 01H8X'),
    )
  const at = () => import('./library.ts')
  library
    .command('ls', { isDefault: true })
    .description('Lists and searches, newest first.')
    .argument('[words...]', 'words in title, name or link')
    .option('--type <type>', 'media type or its first half, such as video')
    .option('--limit <n>', 'how many', '50')
    .option('--json', 'as JSON')
    .action(run(async (words, options) => (await at()).listLibrary(words, options, host)))
  library
    .command('show')
    .description('One asset: digest, media facts, where it came from.')
    .argument('<id>', 'id of the asset')
    .option('--json', 'as JSON')
    .action(run(async ([id = ''], options) => (await at()).showItem(id, options, host)))
  library
    .command('rm')
    .description('Removes assets.')
    .argument('<id...>', 'ids of assets')
    .action(run(async (ids, options) => (await at()).removeItems(ids, options, host)))
  library
    .command('link')
    .description('Makes a signed link to an asset.')
    .argument('<id>', 'id of the asset')
    .option('--expires <time>', 'how long it lives, such as 90m, 24h, 7d', '24h')
    .option('--uses <n>', 'how often it may be used')
    .option('--password-file <file>', 'a password that is asked for')
    .option('--json', 'as JSON')
    .action(run(async ([id = ''], options) => (await at()).makeLink(id, options, host)))
  library
    .command('links')
    .description('The signed links of an asset.')
    .argument('<id>', 'id of the asset')
    .option('--json', 'as JSON')
    .action(run(async ([id = ''], options) => (await at()).listLinks(id, options, host)))
  library
    .command('extend')
    .description('Lets a signed link live longer.')
    .argument('<link>', 'id of the link')
    .option('--expires <time>', 'how long from now on, such as 90m, 24h, 7d', '24h')
    .action(run(async ([id = ''], options) => (await at()).extendLink(id, options, host)))
  library
    .command('revoke')
    .description('Revokes a signed link.')
    .argument('<link>', 'id of the link')
    .action(run(async ([id = ''], options) => (await at()).revokeLink(id, options, host)))
  library
    .command('verify')
    .description('Reads everything again and compares digests.')
    .argument('[id]', 'only this asset')
    .option('--json', 'as JSON')
    .action(run(async ([id], options) => (await at()).verifyLibrary(id, options, host)))
}
