import type { TcpStream } from 'reactor'
import { Deadline } from '../../protocols/deadline.js'
import type { ProtocolSession } from '../../protocols/protocol.js'
import { BlockingOutput } from './blocking-output.js'
import type { BlockingWorker } from './blocking-worker.js'

/** How long a client may go on sending after the server's FIN, in milliseconds: what comes is dropped. */
const lingerTime = 2000

/**
 * During a stop, a connection is finished when nothing has come for so many milliseconds: bytes may still be on their
 * way to us, and closing before them would answer them with RST.
 */
const quietTime = 250

/** How a connection ended. */
export interface Ending {
  /** The grace of a stop was over before it was. */
  readonly cutOff: boolean
  /** What ended it, when it was not a normal end. */
  readonly cause: string | undefined
  readonly isError: boolean
  readonly bytesIn: number
  readonly bytesOut: number
  readonly lostBytes: number
}

/** Serves one connection through its whole life on a thread that has nothing else to do. */
export class BlockingConnection {
  readonly #stream: TcpStream
  readonly #worker: BlockingWorker
  readonly #session: ProtocolSession
  readonly #output: BlockingOutput
  readonly #deadline: Deadline
  #lastActivity = performance.now()
  #bytesIn = 0
  #inputEnded = false
  #lateness: string | undefined

  constructor(stream: TcpStream, worker: BlockingWorker) {
    this.#stream = stream
    this.#worker = worker
    this.#session = worker.protocol.createSession(stream)
    this.#output = new BlockingOutput(stream, worker)
    this.#deadline = new Deadline(this.#session, worker.limits, this.#lastActivity)
  }

  /** Blocks until the connection has ended, whatever ends it. */
  serve(): Ending {
    try {
      this.#converse()
      if (this.#output.broken === undefined) this.#linger()
    } catch (error) {
      if ((error as Error).name !== 'SystemError') throw error
      this.#output.fail({ kind: 'error', cause: (error as Error).message })
    }
    const ending = this.#ending()
    this.#session.dispose?.()
    if (ending.lostBytes > 0 || this.#output.broken !== undefined) this.#stream.abort()
    else this.#stream.close()
    return ending
  }

  #converse(): void {
    const output = this.#output
    this.#session.open?.(output)
    output.flush()
    while (!output.over) {
      const now = performance.now()
      this.#lookAtClock(now)
      if (!output.over && this.#awaitInput(this.#timeLeft(now))) this.#read()
    }
  }

  #read(): void {
    const { buffers, counters } = this.#worker
    const count = this.#stream.receive(buffers.inputAddress, buffers.input.length)
    if (count < 0) return
    if (count === 0) {
      this.#inputEnded = true
      this.#session.end(this.#output)
      // With an output that is always ready there is nothing that it could wait for.
      this.#output.close()
    } else {
      this.#bytesIn += count
      counters.bytesIn.add(count)
      this.#offer(buffers.input.subarray(0, count))
    }
    this.#output.flush()
    this.#touch()
  }

  #offer(bytes: Uint8Array): void {
    for (let taken = 0; taken < bytes.length && !this.#output.over; ) {
      taken += this.#session.receive(taken === 0 ? bytes : bytes.subarray(taken), this.#output)
      this.#output.endTurn()
    }
  }

  #touch(): void {
    this.#lastActivity = performance.now()
    this.#deadline.touch(this.#lastActivity)
  }

  #awaitInput(timeout: number): boolean {
    const { duty, descriptors } = this.#worker
    return duty.wait(this.#stream.fd, descriptors.pollEvents.readable, timeout) !== 0
  }

  get #quietEnd(): number {
    return this.#session.heldBytes > 0 ? Number.POSITIVE_INFINITY : this.#lastActivity + quietTime
  }

  /** Milliseconds until there is something to decide, whether or not bytes come. */
  #timeLeft(now: number): number {
    const { duty } = this.#worker
    const left = this.#deadline.left(now)
    return duty.stopping ? Math.min(left, duty.deadline - now, this.#quietEnd - now) : left
  }

  #lookAtClock(now: number): void {
    const output = this.#output
    if (this.#worker.isCutOff) output.fail({ kind: 'cut-off' })
    else if (this.#worker.duty.stopping && now >= this.#quietEnd) output.close()
    else this.#endLate(now)
  }

  #endLate(now: number): void {
    const lateness = this.#deadline.lateness(now)
    if (lateness === undefined) return
    const { idle, slowMessages } = this.#worker.counters
    const counter = lateness === 'idle' ? idle : slowMessages
    counter.add()
    this.#lateness = `${lateness} timeout`
    this.#session.timeOut(lateness, this.#output)
    this.#output.flush()
    this.#output.close()
  }

  /** FIN, and then the client's: closing over bytes that nobody has read would reset, and cost it the answer. */
  #linger(): void {
    if (this.#inputEnded) return
    const { buffers, duty } = this.#worker
    const end = performance.now() + lingerTime
    this.#stream.shutdown()
    for (;;) {
      const left = Math.min(end, duty.deadline) - performance.now()
      if (left <= 0 || duty.over) return
      if (!this.#awaitInput(left)) continue
      if (this.#stream.receive(buffers.inputAddress, buffers.input.length) === 0) return
    }
  }

  #ending(): Ending {
    const { broken, bytesOut, lostBytes } = this.#output
    return {
      cutOff: broken?.kind === 'cut-off',
      cause: this.#lateness ?? causeOf(broken),
      isError: broken?.kind === 'error' || broken?.kind === 'aborted',
      bytesIn: this.#bytesIn,
      bytesOut,
      lostBytes: lostBytes + (broken === undefined ? 0 : this.#session.heldBytes),
    }
  }
}

function causeOf(broken: BlockingOutput['broken']): string | undefined {
  switch (broken?.kind) {
    case 'error':
      return broken.cause
    case 'aborted':
      return broken.reason
    case 'late':
      return 'idle timeout'
    case 'cut-off':
      return 'the server stopped'
    default:
      return undefined
  }
}
