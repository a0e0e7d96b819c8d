import { Argument, Command, CommanderError, Option } from 'commander'
import type { CommonOptions, Host } from './host.ts'
import { getCommand, secretFlags } from './program-get.ts'
import { libraryCommands } from './program-library.ts'
import { type Run, examples } from './program-parts.ts'
import { queueCommands } from './program-queue.ts'
import { recipeCommands } from './program-recipes.ts'

/**
 * Runs one command line (without `node` and the script) and returns the exit code. Nothing heavy is imported before a command
 * is chosen: `--help` and `--version` answer at once.
 */
export async function runCli(argv: readonly string[], host: Host): Promise<number> {
  let code = 0
  let json = false
  const program = build(host, async (act, options) => {
    json = options.json ?? false
    code = await act()
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64
    const { sayFault } = await import('./faults.ts')
    const { logLevel } = program.opts<CommonOptions>()
    const level = logLevel ?? host.terminal.env['JACKDAW_LOG_LEVEL'] ?? host.terminal.env['LOG_LEVEL']
    return sayFault(error, host, { json, debug: level === 'debug' || level === 'trace' })
  }
}

type Perform = (act: () => Promise<number>, options: { json?: boolean }) => Promise<void>

/** The commands; `perform` is given what a command line asks for, and may leave it undone. */
export function build(host: Host, perform: Perform): Command {
  const { stdout, stderr } = host.terminal
  const program = new Command('jackdaw')
    .description('Jackdaw carries home what is behind a link.')
    .version(host.version, '-V, --version', 'show the version')
    .option('--data <dir>', 'folder for everything that is kept (JACKDAW_DATA)')
    .addOption(new Option('--log-level <level>', 'trace, debug, info, warn, error (JACKDAW_LOG_LEVEL)'))
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .showHelpAfterError('(see --help)')
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void stdout.write(text),
      writeErr: (text) => void stderr.write(text.replace(/^error: /, 'jackdaw: ')),
      getOutHelpWidth: () => stdout.columns ?? 100,
      getErrHelpWidth: () => stderr.columns ?? 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .addHelpText(
      'after',
      examples('get https://example.org/film.mp4', 'serve', 'jobs --state failed', 'doctor') + exitCodes,
    )

  // The action's last two arguments are its options and the command: with the options of the program, they are what we need.
  const run: Run =
    (act) =>
    async (...given) => {
      const command = given.at(-1) as Command
      const options = command.optsWithGlobals()
      await perform(() => act(given.slice(0, -2).flat() as string[], options as never), options)
    }

  getCommand(program, run, host)

  program
    .command('serve')
    .summary('open the house and stay')
    .description('Opens the house (API, workers, chores) and stays until it is stopped.')
    .option('--as <roles>', 'web, worker, scheduler, separated by commas; all when absent')
    .option('-p, --port <port>', 'port of the web server (JACKDAW_PORT)')
    .option('--host <address>', 'address to listen on (JACKDAW_HOST)')
    .addHelpText('after', examples('serve', 'serve --port 9000', 'serve --as worker'))
    .action(run(async (_, options) => host.serve(options)))

  program
    .command('jobs')
    .summary('list jobs')
    .description('Lists jobs, newest first.')
    .option('--state <state>', 'open, queued, running, paused, done, failed or cancelled')
    .option('--search <words>', 'words in title or link')
    .option('--limit <n>', 'how many', '50')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('jobs', 'jobs --state open', 'jobs --search lecture --json'))
    .action(run(async (_, options) => (await import('./jobs.ts')).listJobs(options, host)))

  program
    .command('job')
    .summary('show or follow a job')
    .description('Shows one job with its steps and where its files are.')
    .argument('<id>', 'id of the job')
    .option('-f, --follow', 'stay until it has ended')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('job 01H8X', 'job 01H8X --follow'))
    .action(run(async ([id = ''], options) => (await import('./jobs.ts')).showJob(id, options, host)))

  for (const [verb, summary, says] of [
    ['pause', 'pause jobs', 'Pauses jobs; their bytes are kept.'],
    ['resume', 'go on with paused jobs', 'Goes on with paused jobs.'],
    ['cancel', 'cancel jobs and clean up', 'Cancels jobs and cleans up.'],
  ] as const) {
    program
      .command(verb)
      .summary(summary)
      .description(says)
      .argument('<id...>', 'ids of jobs')
      .option('--json', 'as JSON')
      .addHelpText('after', examples(`${verb} 01H8X`, `${verb} 01H8X 01H8Y`))
      .action(run(async (ids, options) => (await import('./jobs.ts')).changeJobs(verb, ids, options, host)))
  }

  const retry = program
    .command('retry')
    .summary('start failed or cancelled jobs anew')
    .description('Starts failed or cancelled jobs anew. What was given before stays, unless it is given again.')
    .argument('<id...>', 'ids of jobs')
    .option('--recipe <name>', 'another recipe instead of the steps before; "plain" takes the files as they came')
  secretFlags(retry)
    .optionsGroup('Output:')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('retry 01H8X', 'retry 01H8X --archive-password-file secret.txt'))
    .addHelpText(
      'after',
      '\nThe id of a batch stands for all of its failed jobs, that of a list for its failed entries.',
    )
    .action(run(async (ids, options) => (await import('./jobs.ts')).retryJobs(ids, options, host)))

  queueCommands(program, run, host)
  recipeCommands(program, run, host)
  libraryCommands(program, run, host)

  program
    .command('engines')
    .summary('what is supported here')
    .description('Every engine: there or absent, with the reason and how to get it. With a name: its options.')
    .argument('[name]', 'one engine, with the options that it takes')
    .option('--json', 'as JSON')
    .option('--test <site|link>', 'asks what is behind a link, or behind a public page of a site, and takes nothing')
    .addHelpText(
      'after',
      examples('engines', 'engines thumbnail', 'engines --test youtube', 'engines --test https://vimeo.com/76979871'),
    )
    .action(
      run(async ([name], options: CommonOptions & { test?: string }) =>
        options.test === undefined
          ? (await import('./engines.ts')).listEngines(name, options, host)
          : (await import('./test-site.ts')).testSite(options.test, options, host),
      ),
    )

  program
    .command('doctor')
    .summary('is everything in order?')
    .description('Looks at tools, database, disk and configuration, and says what to do.')
    .option('--json', 'as JSON')
    .addHelpText('after', examples('doctor'))
    .action(run(async (_, options) => host.doctor(options)))

  program
    .command('update')
    .summary('fetch the newest yt-dlp')
    .description(
      'Fetches the newest version of a program that sites force to be new: yt-dlp. The one before is kept beside it.',
    )
    .addArgument(new Argument('<program>', 'which one').choices(['yt-dlp']))
    .option('--json', 'as JSON')
    .addHelpText('after', examples('update yt-dlp'))
    .action(run(async (_, options) => host.update('yt-dlp', options)))

  const config = program
    .command('config')
    .summary('show or check the configuration')
    .description('The effective configuration and where each value came from.')
    .addHelpText('after', examples('config', 'config show --json', 'config check'))
  config
    .command('show', { isDefault: true })
    .description('Every value and where it came from; secrets are masked.')
    .option('--json', 'as JSON')
    .action(run(async (_, options) => host.configShow(options)))
  config
    .command('check')
    .description('Lists every fault of the configuration at once.')
    .action(run(async (_, options) => host.configCheck(options)))

  return program
}

const exitCodes = `

Exit codes: 0 done · 64 input · 65 link not handled · 66 gone · 69 destination · 70 a bug of ours ·
            73 cannot write · 75 try later · 77 not allowed · 130 cancelled`
