import type { Command } from 'commander'
import type { Host } from './host.ts'
import { type Run, examples } from './program-parts.ts'

export function queueCommands(program: Command, run: Run, host: Host): void {
  const queue = program
    .command('queue')
    .summary('what waits and runs; order and limits')
    .description('Shows the queue, or changes its order and limits.')
    .addHelpText(
      'after',
      examples(
        'queue',
        'queue pause',
        'queue move 01H8X next',
        'queue priority 01H8X -1',
        'queue limit fetch=4 bandwidth=5M',
      ),
    )
  const at = () => import('./queue.ts')
  queue
    .command('show', { isDefault: true })
    .description('What waits and what runs, by kind, and the limits.')
    .option('--json', 'as JSON')
    .action(run(async (_, options) => (await at()).showQueue(options, host)))
  queue
    .command('pause')
    .description('Pauses everything; bytes are kept.')
    .action(run(async (_, options) => (await at()).pauseQueue(true, options, host)))
  queue
    .command('resume')
    .description('Goes on with everything.')
    .action(run(async (_, options) => (await at()).pauseQueue(false, options, host)))
  queue
    .command('move')
    .description('Changes the place of a job.')
    .argument('<id>', 'id of the job')
    .argument('<to>', 'next, last or before:ID')
    .action(run(async ([id = '', to = ''], options) => (await at()).moveJob(id, to, options, host)))
  queue
    .command('priority')
    .description('Sets the priority of a job.')
    .argument('<id>', 'id of the job')
    .argument('<priority>', '-1, 0 or 1')
    .allowUnknownOption()
    .action(run(async ([id = '', priority = ''], options) => (await at()).setPriority(id, priority, options, host)))
  queue
    .command('limit')
    .description('Changes how much may run at once, and how fast.')
    .argument(
      '<limit...>',
      'fetch, process, deliver, resolve, perAccount, perSite, perMachine, bandwidth or freeBytes, as name=value',
    )
    .action(run(async (limits, options) => (await at()).setLimits(limits, options, host)))
}
