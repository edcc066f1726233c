import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('../../../server/dist/src/cli.js', import.meta.url))

/** Runs `use` with our own server, in a folder of its own, and ends it whatever happens. */
export async function withProtocolServer<Result>(
  args: readonly string[],
  use: (port: number, folder: string) => Promise<Result>
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'loadgen-'))
  const all = [program, '--ports', '0', '--host', '127.0.0.1', ...args]
  const child = spawn(process.execPath, all, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  try {
    return await use(await portOf(child), folder)
  } finally {
    process.off('exit', kill)
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit')
      // Models have processes of their own, which end with the parent.
      child.kill('SIGTERM')
      setTimeout(kill, 2_000).unref()
      await ended
    }
    rmSync(folder, { recursive: true })
  }
}

/** Waits for the line that says where it listens. */
function portOf(child: ChildProcess): Promise<number> {
  let output = ''
  let errors = ''
  child.stderr?.setEncoding('utf8').on('data', text => {
    errors += text
  })
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`the server did not start: ${errors}`)))
    child.stdout?.setEncoding('utf8').on('data', text => {
      output += text
      const [, port] = /listening on \S+:(\d+) \(/.exec(output) ?? []
      if (port !== undefined) resolve(Number(port))
    })
  })
}

/** Runs `use` with a server of which each connection is handled by `talk`, from its beginning on. */
export async function withScriptedServer<Result>(
  talk: (socket: Socket, number: number) => void,
  use: (port: number) => Promise<Result>
): Promise<Result> {
  const sockets = new Set<Socket>()
  let count = 0
  const server = createServer({ noDelay: true, allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    talk(socket, count++)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await use((server.address() as AddressInfo).port)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

/** Calls `take` with each whole message, the `terminator` left out. */
export function onMessages(socket: Socket, terminator: string, take: (message: string) => void): void {
  let held = ''
  socket.on('data', chunk => {
    held += chunk.toString('latin1')
    for (let at = held.indexOf(terminator); at !== -1; at = held.indexOf(terminator)) {
      const message = held.slice(0, at)
      held = held.slice(at + 1)
      take(message)
    }
  })
}
