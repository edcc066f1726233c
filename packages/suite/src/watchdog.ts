import { Worker } from 'node:worker_threads'

/** What the watchdog's thread is told: what runs now, and how long it may block the main thread. */
export interface Watch {
  readonly name: string
  readonly limit: number
}

/**
 * How long after a test's own limit the watchdog waits, in milliseconds. A main thread that is
 * merely late still reports its failed test by itself; only a blocked one is killed.
 */
const margin = 3_000

let worker: Worker | undefined

/**
 * Says what the main thread is doing from now on. When it says nothing else for `limit`
 * milliseconds and a margin, the watchdog names it on stderr and kills the process.
 */
export function watch(name: string, limit: number): void {
  if (!worker) {
    worker = new Worker(new URL('./watchdog-thread.js', import.meta.url), { execArgv: [] })
    worker.unref()
    worker.on('error', error => {
      throw new Error('the watchdog died', { cause: error })
    })
  }
  worker.postMessage({ name, limit: limit + margin } satisfies Watch)
}
