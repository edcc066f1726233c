import type { ServerReport, StopReport } from '../server-messages.js'

// What passes between the main thread and a worker, be it a thread or a process.

/** From the main thread to a worker. */
export type Order =
  /** Take no further connections, and end when those that there are have been served, or after `grace` milliseconds. */
  | { readonly kind: 'stop'; readonly grace: number }
  /** The pool is too large: end when nothing is being served. */
  | { readonly kind: 'retire' }
  /** End at once. */
  | { readonly kind: 'end' }

/** From a worker to the main thread. */
export type WorkerEvent =
  | { readonly kind: 'ready' }
  /** Instead of `ready`: the worker cannot work here, and has ended. */
  | { readonly kind: 'failed'; readonly message: string }
  /** Fewer workers are idle than should be. */
  | { readonly kind: 'few-spare' }
  /** After a stop. */
  | { readonly kind: 'stopped'; readonly report: StopReport }
  | { readonly kind: 'report'; readonly report: ServerReport }
  /** A client has asked for the server to stop, and may. */
  | { readonly kind: 'stop-asked'; readonly remoteAddress: string }

/** A worker's line to the main thread. */
export interface Boss {
  /** Becomes readable when there are orders, or when nobody is there any more. */
  readonly fd: number
  /** Takes the orders that have come; `end` when nobody is there any more. Never blocks. */
  takeOrders(): readonly Order[]
  tell(event: WorkerEvent): void
}
