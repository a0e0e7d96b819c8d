import { spawn, execFileSync, type ChildProcess } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeCertificate } from '#test/fakes/site/certificate.ts'

export interface BenchServer extends AsyncDisposable {
  readonly link: string
  readonly tls: boolean
  readonly sha256: string
  /** Body bytes sent in all; ends the server. Only the paced one counts. */
  sent(): Promise<number>
}

/** Random bytes, so that nothing on the way can compress them. */
export async function makeFile(folder: string, path: string, bytes: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const file = await open(path, 'w')
  const block = Buffer.allocUnsafe(16 * 1024 * 1024)
  for (let at = 0; at < bytes; at += block.length) {
    await file.write(randomFillSync(block), 0, Math.min(block.length, bytes - at), at)
  }
  await file.close()
}

/** nginx from Debian (fetched when it is absent and we are root): the server that people really have. */
export async function startNginx(folder: string, how: { tls: boolean; sha256: string }): Promise<BenchServer> {
  if (!existsSync('/usr/sbin/nginx')) {
    process.stderr.write('installing nginx-light for the bench\n')
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'nginx-light'], { stdio: 'ignore' })
  }
  const port = await freePort()
  const { key, cert } = makeCertificate('localhost', ['127.0.0.1'])
  await writeFile(join(folder, 'key.pem'), key)
  await writeFile(join(folder, 'cert.pem'), cert)
  const tls = `ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
    ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;`
  const config = `daemon off; worker_processes 1; error_log /dev/null; pid ${folder}/nginx.pid;
events { worker_connections 512; }
http { access_log off; sendfile on; sendfile_max_chunk 2m; tcp_nopush on; root ${folder};
  client_body_temp_path ${folder}/t1; proxy_temp_path ${folder}/t2; fastcgi_temp_path ${folder}/t3;
  uwsgi_temp_path ${folder}/t4; scgi_temp_path ${folder}/t5;
  server { listen 127.0.0.1:${port}${how.tls ? ' ssl' : ''}; ${how.tls ? tls : ''} } }`
  await writeFile(join(folder, 'nginx.conf'), config)
  const child = spawn('/usr/sbin/nginx', ['-c', join(folder, 'nginx.conf')], { stdio: 'ignore' })
  await answering(port)
  const link = `http${how.tls ? 's' : ''}://127.0.0.1:${port}/file.bin`
  return {
    link,
    tls: how.tls,
    sha256: how.sha256,
    sent: () => Promise.resolve(Number.NaN),
    [Symbol.asyncDispose]: () => end(child),
  }
}

/** A small server in C that limits each connection and answers late: one that is far away. */
export async function startPaced(
  folder: string,
  file: string,
  how: { bytesPerSecond: number; latencyMs: number; sha256: string },
): Promise<BenchServer> {
  const program = join(folder, 'server')
  if (!existsSync(program)) execFileSync('cc', ['-O2', '-o', program, join(import.meta.dirname, 'server.c')])
  const port = await freePort()
  const child = spawn(program, [String(port), file, String(how.bytesPerSecond), String(how.latencyMs)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let text = ''
  child.stderr.on('data', (chunk) => (text += String(chunk)))
  await answering(port)
  return {
    link: `http://127.0.0.1:${port}/file.bin`,
    tls: false,
    sha256: how.sha256,
    async sent() {
      await end(child)
      return (JSON.parse(text) as { sent: number }).sent // what server.c prints when it ends
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  await closed
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on TCP
  server.close()
  await once(server, 'close')
  return port
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    const socket = connect(port, '127.0.0.1')
    const up = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    })
    socket.destroy()
    if (up) return
    await sleep(50)
  }
  throw new Error(`no server on port ${port}`)
}
