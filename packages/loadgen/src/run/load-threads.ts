import { type EngineName, LoopThread } from 'reactor'
import type { Assignment, LoadCommand, LoadEvent } from '../thread/protocol.js'

/** The load threads of a run. */
export class LoadThreads {
  readonly #onEvent: (thread: number, event: LoadEvent) => void
  readonly #onFault: (error: Error) => void
  #threads: LoopThread<LoadCommand>[] = []
  #stopping = false

  /** `onFault`: a thread has ended although nobody asked it to. */
  constructor(onEvent: (thread: number, event: LoadEvent) => void, onFault: (error: Error) => void) {
    this.#onEvent = onEvent
    this.#onFault = onFault
  }

  /** Resolves when all of them wait for commands. Rejects, with none left behind, when one of them cannot start. */
  async start(engine: EngineName, assignments: readonly Assignment[]): Promise<void> {
    const starts = await Promise.allSettled(
      assignments.map((assignment, number) =>
        LoopThread.start<Assignment, LoadCommand, LoadEvent>({
          module: new URL('../thread/load-thread.js', import.meta.url),
          engine,
          data: assignment,
          onEvent: event => this.#onEvent(number, event),
          onEnd: error => {
            if (error !== undefined) this.#onFault(error)
            else if (!this.#stopping) this.#onFault(new Error('a load thread ended without a report'))
          },
        })
      )
    )
    this.#threads = starts.flatMap(start => (start.status === 'fulfilled' ? [start.value] : []))
    const failed = starts.find(start => start.status === 'rejected')
    if (failed === undefined) return
    this.stop()
    throw failed.reason
  }

  /** Sends a command to all of them. */
  post(command: LoadCommand): void {
    for (const thread of this.#threads) thread.post(command)
  }

  stop(): void {
    this.#stopping = true
    for (const thread of this.#threads) thread.requestStop()
  }
}
