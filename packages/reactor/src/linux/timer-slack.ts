import { PR_SET_TIMERSLACK } from './constants.js'
import { prctl } from './libc.js'

/**
 * Lets this thread's waits end when they were asked to, and not up to 50 µs later, as is the default so that the
 * kernel can end several at once (prctl(2), PR_SET_TIMERSLACK). Threads that it starts inherit that.
 */
export function wakeOnTime(): void {
  prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)
}
