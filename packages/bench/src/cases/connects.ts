import { formatCount } from 'command-line'
import type { ServerCase } from '../case.js'

const atOnce = 64

/** Connect, one message of 64 bytes, close; a connection counts when both sides have closed. */
export const connects: ServerCase = {
  role: 'server',
  name: 'connects',
  group: 'connects',
  title: scale =>
    `Connects per second: ${formatCount(scale.connects)} times connect, one message, close, ${atOnce} at a time`,
  metric: { name: 'connects', unit: 'per second', better: 'higher' },
  also: [],
  cpuFor: 'million messages',
  connections: () => atOnce,
  measure: run =>
    run.drive(['connects', '--count', `${run.scale.connects}`, '--parallel', `${atOnce}`], ({ messages, seconds }) => ({
      values: { connects: messages / seconds },
    })),
}
