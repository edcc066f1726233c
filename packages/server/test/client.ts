import { connect, type Socket } from 'node:net'

const patience = 8000

/** A TCP client that reads only when it is told to, and never without a time limit. */
export class Client {
  readonly socket: Socket
  readonly #closed: Promise<string | undefined>

  private constructor(socket: Socket) {
    this.socket = socket
    let error: string | undefined
    socket.on('error', (cause: NodeJS.ErrnoException) => {
      error = cause.code
    })
    this.#closed = new Promise(resolve => socket.once('close', () => resolve(error)))
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<Client> {
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true })
    const client = new Client(socket)
    await within(
      'connecting',
      new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    )
    return client
  }

  /** Resolves when the kernel has taken the bytes; rejects when the connection ends before. */
  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.socket.write(bytes, error => (error ? reject(error) : resolve()))
    })
  }

  /** Writes until nothing more is taken, since nothing is read at the other end; returns how many bytes went out. */
  async writeUntilStuck(chunk: Uint8Array, quiet = 300): Promise<number> {
    this.socket.pause()
    let taken = 0
    for (;;) {
      const written = this.write(chunk).then(() => true)
      written.catch(() => {})
      if (!(await Promise.race([written, sleep(quiet).then(() => false)]))) return taken
      taken += chunk.length
    }
  }

  /** Reads exactly `length` bytes. */
  async read(length: number): Promise<Buffer> {
    const parts: Buffer[] = []
    let got = 0
    const { socket } = this
    const enough = (async () => {
      while (got < length) {
        const part = socket.read(Math.min(length - got, socket.readableLength)) as Buffer | null
        if (part !== null && part.length > 0) {
          parts.push(part)
          got += part.length
        } else if (socket.readableEnded || socket.destroyed) {
          throw new Error(`ended after ${got} of ${length} bytes`)
        } else {
          await oneOf(socket, 'readable', 'end', 'close')
        }
      }
    })()
    await within(`reading ${length} bytes`, enough, () => `${got} came`)
    return Buffer.concat(parts)
  }

  /** Reads to the end of the stream, from now on. */
  readAll(): Promise<Buffer> {
    const parts: Buffer[] = []
    this.socket.on('data', part => parts.push(part as Buffer))
    const ended = new Promise<void>((resolve, reject) => {
      this.socket.once('end', resolve).once('error', reject)
    })
    this.socket.resume()
    const all = within('reading to the end', ended).then(() => Buffer.concat(parts))
    // Whoever asked may be busy with something else when it fails.
    all.catch(() => {})
    return all
  }

  /** Waits for the connection to be over, and returns the code of the error that ended it, if one did. */
  async closed(): Promise<string | undefined> {
    return within('waiting for the close', this.#closed)
  }

  /** Reads and drops what comes, and ends when the other end does. */
  drop(): void {
    this.socket.resume()
    this.socket.once('end', () => this.socket.end())
  }

  /** FIN; reading goes on. */
  end(): void {
    this.socket.end()
  }

  /** RST. */
  reset(): void {
    this.socket.resetAndDestroy()
  }
}

/** Waits for the first of these events. */
export function oneOf(socket: Socket, ...events: string[]): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      for (const event of events) socket.off(event, done)
      resolve()
    }
    for (const event of events) socket.on(event, done)
  })
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}

/** Gives up on a promise after a while, and says what it was about. */
export async function within<T>(what: string, promise: Promise<T>, detail = () => ''): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${patience} ms; ${detail()}`)), patience)
  })
  try {
    return await Promise.race([promise, overdue])
  } finally {
    clearTimeout(timer)
  }
}

/** Asks again and again until the answer is right. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T> | T,
  right: (answer: T) => boolean
): Promise<T> {
  const deadline = performance.now() + patience
  for (;;) {
    const answer = await ask()
    if (right(answer)) return answer
    if (performance.now() > deadline) throw new Error(`never: ${what}; last: ${JSON.stringify(answer)}`)
    await sleep(10)
  }
}
