import type { Logger } from 'pino'
import type { RunningServer } from './server.js'
import { formatStats, formatWorkers, type StatsSample } from './stats-line.js'

/**
 * Logs a line of statistics on SIGUSR2, and every `interval` milliseconds where one is given. The rates in a line are
 * those since the one before. Nothing is counted for it beyond what the server counts anyway.
 */
export class StatsPrinter {
  readonly #server: RunningServer
  readonly #log: Logger
  readonly #timer: NodeJS.Timeout | undefined
  readonly #onSignal = () => this.#print()
  #last: StatsSample | undefined
  #busy = false

  constructor(server: RunningServer, log: Logger, interval: number | undefined) {
    this.#server = server
    // Whoever asks for statistics gets them, whatever the level of the log.
    this.#log = log.child({ event: 'stats' }, { level: 'info' })
    process.on('SIGUSR2', this.#onSignal)
    if (interval !== undefined) this.#timer = setInterval(this.#onSignal, interval)
  }

  stop(): void {
    process.off('SIGUSR2', this.#onSignal)
    clearInterval(this.#timer)
  }

  #print(): void {
    // A loop that is slow to answer is not helped by more questions.
    if (this.#busy) return
    this.#busy = true
    Promise.all([this.#server.stats(), this.#server.workers()])
      .then(
        ([stats, workers]) => {
          const sample = { stats, time: performance.now() }
          this.#log.info({ ...stats, workers }, formatStats(sample, this.#last) + formatWorkers(workers))
          this.#last = sample
        },
        // The server has ended, which others report.
        () => {}
      )
      .finally(() => {
        this.#busy = false
      })
  }
}
