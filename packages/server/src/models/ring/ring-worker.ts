import type { ServerStats, StopReport } from '../../server-messages.js'
import type { LoopServerWorker } from '../epoll/loop-server.js'
import type { LoopWorker } from '../epoll/loop-worker.js'
import type { WorkerThread } from '../threads/worker-thread.js'

/** The two threads of a ring as one worker. */
export class RingWorker implements LoopServerWorker {
  readonly ports: readonly number[]
  readonly ended: Promise<void>
  readonly #reader: WorkerThread
  readonly #answerer: LoopWorker
  readonly #drained: Promise<void>

  /** `drained` resolves when the reader, on a stop, has taken those who had connected before. */
  constructor(reader: WorkerThread, answerer: LoopWorker, drained: Promise<void>, onEnded: () => void) {
    this.ports = answerer.ports
    this.#reader = reader
    this.#answerer = answerer
    this.#drained = drained
    this.ended = this.#awaitBoth(onEnded)
    this.ended.catch(() => {})
  }

  stats(): Promise<ServerStats> {
    return this.#answerer.stats()
  }

  async stop(grace: number): Promise<StopReport> {
    this.#reader.order({ kind: 'stop', grace })
    await Promise.race([this.#drained, this.ended])
    const report = await this.#answerer.stop(grace)
    await this.abort()
    return report
  }

  /** The reader closes the connections, and so has to be the last. */
  async abort(): Promise<void> {
    await this.#answerer.abort()
    this.#reader.order({ kind: 'end' })
    // What went wrong, `ended` tells.
    await this.#reader.ended.catch(() => {})
  }

  async #awaitBoth(onEnded: () => void): Promise<void> {
    const endings = [this.#reader.ended, this.#answerer.ended]
    await Promise.race(endings).catch(() => this.abort())
    await Promise.allSettled(endings)
    onEnded()
    await Promise.all(endings)
  }
}
