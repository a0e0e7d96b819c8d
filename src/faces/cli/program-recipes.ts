import type { Command } from 'commander'
import type { Host } from './host.ts'
import { mediaFlags, placeFlags, qualityHelp } from './program-get.ts'
import { type Run, collect, examples } from './program-parts.ts'

export function recipeCommands(program: Command, run: Run, host: Host): void {
  const recipes = program
    .command('recipes')
    .summary('named lists of processing steps')
    .description('Lists, shows, saves and removes recipes, and says what one would do.')
    .addHelpText(
      'after',
      examples(
        'recipes',
        'recipes show default',
        "recipes save small --step 'convert preset=mp4' --step 'thumbnail'",
        'recipes save small small.json',
        'recipes preview small --quality 720',
        'recipes remove small',
      ) + steps,
    )
  const at = () => import('./recipes.ts')
  recipes
    .command('list', { isDefault: true })
    .description('Every recipe: those of the house and your own.')
    .option('--json', 'as JSON')
    .action(run(async (_, options) => (await at()).listRecipes(options, host)))
  recipes
    .command('show')
    .description('One recipe with its steps.')
    .argument('<name>', 'name of the recipe')
    .option('--json', 'as JSON, as "recipes save" takes it')
    .action(run(async ([name = ''], options) => (await at()).showRecipe(name, options, host)))
  recipes
    .command('save')
    .description('Stores a recipe. Each step is checked; one of yours with this name is replaced.')
    .argument('<name>', 'small letters, digits and dashes')
    .argument('[file]', 'JSON as "recipes show --json" prints it; - for standard input')
    .option('--title <text>', 'what it does, for people')
    .option('--step <step>', "instead of a file: 'NAME key=value …'; may repeat", collect)
    .option('--json', 'as JSON')
    .action(run(async ([name = '', file], options) => (await at()).saveRecipe(name, file, options, host)))
  recipes
    .command('remove')
    .description('Removes recipes of yours; jobs that were started with them need another one when tried again.')
    .argument('<name...>', 'names of recipes')
    .action(run(async (names, options) => (await at()).removeRecipes(names, options, host)))
  const preview = recipes
    .command('preview')
    .description('The steps that a job would have, in words, before anything runs.')
    .argument('[name]', 'name of the recipe; the one that you prefer when absent')
  mediaFlags(placeFlags(preview))
    .optionsGroup('Output:')
    .option('--type <type>', 'media type of what would be fetched, such as application/zip')
    .option('--json', 'as JSON')
    .action(run(async ([name], options) => (await at()).previewRecipe(name, options, host)))

  program
    .command('prefer')
    .summary('what is taken when "get" says nothing')
    .description('Shows or sets what is taken when "get" says nothing else.')
    .option('--quality <lines>', qualityHelp)
    .option('--audio [format]', 'only the sound: mp3, m4a, opus, flac, wav; as it is when absent')
    .option('--language <languages>', 'of the sound, the preferred first, such as en,de', collect)
    .option('--subs <languages>', 'subtitles such as en,de, or all', collect)
    .option('--subs-as <how>', 'embed (into the file) or files (beside it)')
    .option('--max-size <size>', 'refuse what is larger, such as 2G')
    .option('--recipe <name>', 'recipe to work on it with; see "jackdaw recipes"')
    .option('--forget <names>', 'no longer prefer these, such as quality,subs', collect)
    .option('--json', 'as JSON')
    .addHelpText('after', examples('prefer', 'prefer --quality 720 --subs en', 'prefer --forget quality,subs'))
    .action(run(async (_, options) => (await import('./prefer.ts')).prefer(options, host)))
}

const steps = `

A step is the name of a processor and its options: 'convert preset=mp4 crf=23'. A value is JSON where it parses, else
text. Besides: only:mkv,avi or except:mp4 (extensions), optional (the files go on when it fails).
See "jackdaw engines NAME" for the options of a processor.`
