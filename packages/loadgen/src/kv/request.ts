import type { Write } from './write-history.js'

/** A command on its way to the server. */
export interface Request {
  readonly key: number
  /** What a set writes; undefined: it is a get. */
  readonly write: Write | undefined
  /** The lowest version that a get may show. */
  readonly floor: number
  /** When it was due and sent, of the thread's clock (due -1: whenever). */
  readonly due: number
  readonly sentAt: number
  /** It fills the store, and counts for nothing. */
  readonly preload: boolean
}
