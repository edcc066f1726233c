import { formatCount, formatDuration } from 'command-line'
import type { Limits } from './protocols/protocol.js'

/**
 * Adds to limits how they are told to people. Done in the main thread: what formats them takes memory, and there may be
 * many workers.
 */
export function withTexts(limits: Omit<Limits, 'texts'>): Limits {
  const { maxMessage, messageTimeout, idleTimeout } = limits
  return {
    ...limits,
    texts: {
      maxMessage: `${formatCount(maxMessage)} bytes`,
      messageTimeout: durationText(messageTimeout),
      idleTimeout: durationText(idleTimeout),
    },
  }
}

function durationText(milliseconds: number): string {
  return milliseconds === Number.POSITIVE_INFINITY ? 'ever' : formatDuration(milliseconds)
}
