import type { SystemError } from 'reactor'
import type { ServerReport } from '../server-messages.js'

const shortages = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])

/** A shortage is over when so many milliseconds have passed without a failure to accept. */
const shortageEnd = 5000

/** After a failure for want of descriptors, so many milliseconds have to pass until the next attempt to accept. */
export const shortageRest = 500

/** Tells of each shortage once (accept(2): `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`). */
export class ShortageNotice {
  readonly #report: (report: ServerReport) => void
  #last = Number.NEGATIVE_INFINITY

  constructor(report: (report: ServerReport) => void) {
    this.#report = report
  }

  /** Returns whether it is a shortage; any other error of accept4(2) concerns the one connection that is gone. */
  take(error: unknown): boolean {
    const { code, message } = error as SystemError
    if (!shortages.has(code)) return false
    const now = performance.now()
    const isNew = now - this.#last > shortageEnd
    this.#last = now
    if (isNew) this.#report({ kind: 'shortage', code, message })
    return true
  }
}
