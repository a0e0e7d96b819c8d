import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Content } from './site/content.ts'

export interface FakeFtpHow {
  /** Who may enter; anonymous when absent. */
  readonly login?: { readonly user: string; readonly password: string }
  /** Cut the data connection after so many bytes, the first `times` times. */
  readonly drop?: number
  readonly times?: number
  /** Without EPSV (RFC 2428), and a PASV answer that names this address instead of its own. */
  readonly pasv?: string
}

/** A small FTP server (RFC 959) on loopback: `/file/<bytes>[/slow]` by SIZE, MDTM, REST and RETR, passive mode only. */
export class FakeFtp {
  readonly content = new Content()
  /** Commands as they came, without arguments of PASS. */
  readonly commands: string[] = []
  bytes = 0
  readonly #how: FakeFtpHow
  readonly #server: Server
  readonly #open = new Map<object, () => void>()
  #retrievals = 0

  private constructor(how: FakeFtpHow) {
    this.#how = how
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(how: FakeFtpHow = {}): Promise<FakeFtp> {
    const ftp = new FakeFtp(how)
    ftp.#server.listen(0, '127.0.0.1')
    await once(ftp.#server, 'listening')
    return ftp
  }

  get origin(): string {
    return `ftp://127.0.0.1:${(this.#server.address() as AddressInfo).port}` // it listens on TCP
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const close of this.#open.values()) close()
    await closed
  }

  #serve(socket: Socket): void {
    this.#keep(socket)
    let [user, entered, rest, text] = ['', false, 0, '']
    let data: Promise<Socket> | undefined
    const say = (line: string) => socket.write(`${line}\r\n`)
    const answer = async (verb: string, argument: string): Promise<void> => {
      const size = Number(/^\/?file\/(\d+)/.exec(argument)?.[1] ?? Number.NaN)
      if (verb === 'USER') {
        user = argument
        say('331 Password please')
      } else if (verb === 'PASS') {
        const login = this.#how.login ?? { user: 'anonymous', password: argument }
        entered = login.user === user && login.password === argument
        say(entered ? '230 Welcome' : '530 Login incorrect')
      } else if (!entered && verb !== 'QUIT' && verb !== 'AUTH') say('530 Not logged in')
      else if (verb === 'SIZE') say(Number.isNaN(size) ? '550 No such file' : `213 ${size}`)
      else if (verb === 'MDTM') say('213 20260101000000')
      else if (verb === 'TYPE' || verb === 'STRU' || verb === 'OPTS') say('200 Fine')
      else if (verb === 'EPSV' && this.#how.pasv === undefined) {
        const listening = await this.#listen()
        data = listening.accepted
        say(`229 Entering Extended Passive Mode (|||${listening.port}|)`)
      } else if (verb === 'PASV') {
        const listening = await this.#listen()
        data = listening.accepted
        const host = (this.#how.pasv ?? '127.0.0.1').replaceAll('.', ',')
        say(`227 Entering Passive Mode (${host},${listening.port >> 8},${listening.port & 255})`)
      } else if (verb === 'REST') {
        rest = Number(argument)
        say('350 Restarting there')
      } else if (verb === 'RETR') {
        const connection = data
        if (Number.isNaN(size) || !connection) return void say('550 No such file')
        say('150 Here it comes')
        const whole = await this.#send(await connection, rest, size, argument.endsWith('/slow') ? size / 2 : 0)
        rest = 0
        say(whole ? '226 Done' : '426 Connection closed')
      } else if (verb === 'QUIT') socket.end('221 Bye\r\n')
      else say('502 Not here')
    }
    let turn = Promise.resolve()
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += String(chunk)
      for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
        const line = text.slice(0, end)
        text = text.slice(end + 2)
        const [verb = '', ...words] = line.split(' ')
        this.commands.push(verb.toUpperCase() === 'PASS' ? 'PASS' : line)
        turn = turn.then(async () => await answer(verb.toUpperCase(), words.join(' ')))
      }
    })
    say('220 Fake')
  }

  async #listen(): Promise<{ port: number; accepted: Promise<Socket> }> {
    const server = createServer()
    this.#open.set(server, () => void server.close())
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const accepted = new Promise<Socket>((resolve) => {
      server.once('connection', (socket: Socket) => {
        server.close()
        this.#keep(socket)
        resolve(socket)
      })
    })
    return { port: (server.address() as AddressInfo).port, accepted }
  }

  async #send(socket: Socket, from: number, to: number, rate: number): Promise<boolean> {
    const started = performance.now()
    this.#retrievals += 1
    const bad = this.#how.drop !== undefined && this.#retrievals <= (this.#how.times ?? Infinity)
    const end = bad ? Math.min(to, from + (this.#how.drop ?? 0)) : to
    for (let at = from; at < end && !socket.destroyed;) {
      const piece = this.content.slice(0, at, Math.min(end, at + 65_536))
      at += piece.length
      this.bytes += piece.length
      if (rate > 0) await sleep(started + ((at - from) / rate) * 1000 - performance.now())
      if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), once(socket, 'close')])
    }
    // The reply comes when the client has everything: on a busy machine it would overtake the bytes.
    const closed = once(socket, 'close')
    socket.end()
    if (!socket.destroyed) await closed
    return end === to
  }

  #keep(socket: Socket): void {
    this.#open.set(socket, () => void socket.destroy())
    socket.on('error', () => undefined) // the client left
    socket.once('close', () => this.#open.delete(socket))
  }
}
