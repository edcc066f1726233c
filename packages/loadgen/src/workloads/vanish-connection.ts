import type { Block, Socket } from 'reactor'
import { PayloadStream } from '../payload/payload-stream.js'
import type { Resolved } from '../plan.js'
import type { CreateDriver } from '../thread/driver.js'
import type { Session } from '../thread/session.js'
import { EchoConnection } from './echo-connection.js'
import type { VanishPlan } from './vanish.js'

/** Sent before a client vanishes in the middle of its message: fits any kernel's buffers. */
const messageBytes = 16 * 1024

/** More than the buffers of both kernels and a pipe's threshold hold: a server that echoes cannot take it all. */
const floodBytes = 32 * 1024 * 1024

/** When the server has taken nothing for so long (ms), it is because nobody reads what it writes. */
const settleTime = 50

class VanishConnection extends EchoConnection {
  readonly #how: VanishPlan['how']

  constructor(session: Session, plan: Resolved<VanishPlan>, number: number) {
    super(
      session,
      number,
      new PayloadStream(session.memory, { seed: plan.seed, connection: number, charset: undefined })
    )
    this.#how = plan.how
  }

  protected begin(): void {
    if (this.#how === 'rst-while-receiving') {
      this.stopReading()
      this.allow(floodBytes, false)
      this.#awaitFullBuffers()
    } else this.allow(messageBytes, false)
  }

  // The server is stuck in the middle of writing. The first read lets it go on, and then its reader is gone.
  #awaitFullBuffers(): void {
    if (this.ended) return
    if (this.sinceProgress >= settleTime) this.startReading()
    else this.session.loop.timer(settleTime / 5, () => this.#awaitFullBuffers())
  }

  protected override allSent(): void {
    if (this.#how === 'fin') {
      // In this order the kernel sends FIN in any case, even where unread bytes then add an RST.
      this.socket.shutdown()
      this.socket.close()
    } else this.socket.abort()
    this.complete()
  }

  override onRead(socket: Socket, block: Block, start: number, length: number): void {
    super.onRead(socket, block, start, length)
    if (this.#how !== 'rst-while-receiving' || this.ended) return
    socket.abort()
    this.complete()
  }
}

export const vanishDriver: CreateDriver<VanishPlan> = (session, plan) => ({
  createConnection: number => new VanishConnection(session, plan, number),
})
