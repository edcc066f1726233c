import { setTimeout as sleep } from 'node:timers/promises'

/**
 * How long the program may make no progress before it is blamed, in milliseconds. It is the seed's own figure for how
 * long a second client may wait, and long against any pause that a correct server makes: a collection of garbage,
 * a delayed acknowledgement, a turn behind 4 GiB of another client. Progress starts it anew; a total is never judged.
 */
export const stallPatience = 5_000

/** How often a wait looks again, in milliseconds. */
const lookEvery = 20

/**
 * The longest step that counts in one look, in milliseconds. When this process itself did not run (a busy machine,
 * a suspended laptop), that time says nothing about the program.
 */
const longestStep = 250

/** Measures time without progress, in which only time that the judge was awake counts. */
export class Patience {
  readonly #limit: number
  #spent = 0
  #last = performance.now()

  /** `limit` in milliseconds. */
  constructor(limit = stallPatience) {
    this.#limit = limit
  }

  /** Progress was made: begins anew. */
  renew(): void {
    this.#spent = 0
    this.#last = performance.now()
  }

  /** To be asked often; true when there was no progress for the whole limit. */
  isExhausted(): boolean {
    const now = performance.now()
    this.#spent += Math.min(now - this.#last, longestStep)
    this.#last = now
    return this.#spent >= this.#limit
  }
}

/**
 * Waits until `condition` holds, for at most `limit` milliseconds in which the judge was awake. Returns whether it
 * held at last; rejects with what `condition` throws.
 */
export async function waitUntil(condition: () => boolean | Promise<boolean>, limit = stallPatience): Promise<boolean> {
  const patience = new Patience(limit)
  for (;;) {
    if (await condition()) return true
    if (patience.isExhausted()) return false
    await sleep(lookEvery)
  }
}

/** Waits for a promise, for at most `limit` milliseconds; then resolves with undefined. */
export async function withinLimit<Result>(promise: Promise<Result>, limit: number): Promise<Result | undefined> {
  const { promise: overrun, cancel } = cancellable(limit)
  try {
    return await Promise.race([promise, overrun])
  } finally {
    cancel()
  }
}

function cancellable(milliseconds: number): { promise: Promise<undefined>; cancel: () => void } {
  const controller = new AbortController()
  const promise = sleep(milliseconds, undefined, { signal: controller.signal })
  // Nobody waits for it once it is cancelled.
  promise.catch(() => {})
  return { promise, cancel: () => controller.abort() }
}
