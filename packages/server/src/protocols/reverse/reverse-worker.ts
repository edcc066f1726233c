import type { Counter } from '../counters.js'
import type { Refusals } from '../refusals.js'
import type { Reverser } from './reverser.js'

/** What the connections of a worker share. */
export interface ReverseWorker {
  readonly reverser: Reverser
  readonly refusals: Refusals
  readonly requests: Counter
  /** Bytes. */
  readonly maxLine: number
  readonly allowExit: boolean
}

/** The line that stops the server where that is allowed; with or without Telnet's carriage return. */
export function isExit(line: string): boolean {
  return line === 'exit' || line === 'exit\r'
}

/** The longest line that `isExit`, in bytes. */
export const longestExit = 5
