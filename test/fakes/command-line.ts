import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Session } from '#faces/cli/host.ts'
import { runCli } from '#faces/cli/program.ts'
import { FakeHouse, type Play } from './contract-house.ts'
import { type FakeTerminal, fakeHost, fakeKeyboard, fakeTerminal } from './terminal.ts'

export const film = 'https://a.example/film.mp4'

export function folder(t: TestContext): string {
  const cwd = mkdtempSync(join(tmpdir(), 'jackdaw-cli-'))
  t.after(() => rmSync(cwd, { recursive: true }))
  return cwd
}

/** Runs the command line on a fake house in this process. */
export function setUp(play?: Play, how: Parameters<typeof fakeTerminal>[0] & { where?: Session['where'] } = {}) {
  const house = new FakeHouse(play)
  const terminal: FakeTerminal = fakeTerminal(how)
  const state = { closed: 0, worked: [] as boolean[] }
  const host = fakeHost(terminal, async () => ({
    client: house.client(),
    where: how.where ?? 'here',
    [Symbol.asyncDispose]: async () => void state.closed++,
  }))
  const jackdaw = (...argv: string[]) => runCli(argv, host)
  return { house, terminal, state, jackdaw }
}

/** A terminal with somebody at it. */
export function sitting(play: Play) {
  const keyboard = fakeKeyboard()
  return { keyboard, ...setUp(play, { stdin: keyboard, tty: true, env: { NO_COLOR: '1' } }) }
}
