import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Client, eventually, within } from './client.js'

const cli = fileURLToPath(new URL('../src/cli.js', import.meta.url))

/** What a program leaves behind. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface StartOptions {
  /** Soft and hard limit of descriptors. */
  readonly descriptors?: number
  /** Bytes of the largest file that it may write: beyond it, writing fails with EFBIG. A multiple of 512. */
  readonly largestFile?: number
  /** Gives the child a pipe as descriptor 3. */
  readonly withPipe?: boolean
  /** A file for stderr, instead of `ServerProcess.stderr`. */
  readonly errorsTo?: string
  /** The folder that it runs in. */
  readonly folder?: string
  /** For the runtime, before the program. */
  readonly nodeOptions?: readonly string[]
}

/** The server's command line as a real process. */
export class ServerProcess {
  readonly child: ChildProcess
  readonly ended: Promise<Ending>
  stdout = ''
  stderr = ''
  readonly #notice: Promise<string>

  private constructor(child: ChildProcess) {
    this.child = child
    child.stdout?.setEncoding('utf8').on('data', text => {
      this.stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', text => {
      this.stderr += text
    })
    this.#notice = readToEnd(child.stdio[3] as Readable | undefined)
    // Also when the tests are broken off.
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
    this.ended = new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }))
    })
  }

  static start(args: readonly string[], options: StartOptions = {}): ServerProcess {
    const { descriptors, largestFile, withPipe = false, errorsTo, folder, nodeOptions = [] } = options
    const errors = errorsTo === undefined ? undefined : openSync(errorsTo, 'w')
    const stdio: ('ignore' | 'pipe' | number)[] = ['ignore', 'pipe', errors ?? 'pipe']
    if (withPipe) stdio.push('pipe')
    const command = [process.execPath, ...nodeOptions, cli, ...args]
    const limits = [
      ...(descriptors === undefined ? [] : [`ulimit -n ${descriptors}`]),
      ...(largestFile === undefined ? [] : [`trap '' XFSZ && ulimit -f ${largestFile / 512}`]),
    ]
    const limited = ['-c', [...limits, 'exec "$@"'].join(' && '), 'sh', ...command]
    try {
      if (limits.length > 0) return new ServerProcess(spawn('sh', limited, { stdio, cwd: folder }))
      return new ServerProcess(spawn(process.execPath, command.slice(1), { stdio, cwd: folder }))
    } finally {
      if (errors !== undefined) closeSync(errors)
    }
  }

  get pid(): number {
    return this.child.pid as number
  }

  /** Waits for the line that says that it listens, and returns the ports in it. */
  async ports(): Promise<number[]> {
    const line = await eventually(
      'the server says that it listens',
      () => this.stdout + (this.child.exitCode === null ? '' : `it ended: ${this.stderr}\n`),
      text => /(listening on |it ended: )[\s\S]*\n/.test(text)
    )
    const [, ports] = /listening on \S*?:([\d,-]+) \(/.exec(line) ?? []
    if (ports === undefined) throw new Error(`no ready line: ${line}`)
    return ports.split(',').flatMap(part => {
      const [first = 0, last = first] = part.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
  }

  /** What came out of descriptor 3, until it was closed. */
  notice(): Promise<string> {
    return within('waiting for the end of the notice', this.#notice)
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name)
  }

  end(): Promise<Ending> {
    return within('waiting for the process to end', this.ended, () => this.stderr)
  }
}

async function readToEnd(stream: Readable | undefined): Promise<string> {
  let text = ''
  if (stream !== undefined) for await (const part of stream.setEncoding('utf8')) text += part
  return text
}

/** What a test of the command line works with. */
export interface ProcessScene {
  readonly server: ServerProcess
  readonly port: number
  connect(): Promise<Client>
}

/** Starts the server on a free port, and ends it and all clients, whatever happens. */
export async function withServerProcess(
  args: readonly string[],
  body: (scene: ProcessScene) => Promise<void>,
  options: StartOptions = {}
): Promise<void> {
  const server = ServerProcess.start(['--ports', '0', ...args], options)
  const clients: Client[] = []
  try {
    const [port = 0] = await server.ports()
    const connect = async () => {
      const client = await Client.connect(port)
      clients.push(client)
      return client
    }
    await body({ server, port, connect })
  } finally {
    for (const client of clients) client.socket.destroy()
    server.child.kill('SIGKILL')
    await server.ended
  }
}

/** Runs a command line that is expected to end by itself. */
export async function run(args: readonly string[]): Promise<Ending> {
  const server = ServerProcess.start(args)
  try {
    return await server.end()
  } finally {
    server.child.kill('SIGKILL')
  }
}
