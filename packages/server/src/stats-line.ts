import { formatCount, formatRate, formatSize } from 'command-line'
import type { WorkerReport } from './models/model.js'
import type { ServerStats } from './server-messages.js'

/** A server's counters, and when they were read, in milliseconds on a monotonic clock. */
export interface StatsSample {
  readonly stats: ServerStats
  readonly time: number
}

/** The rate of a counter since the sample before, in brackets; nothing when there was none. */
type Rate = (
  counter: 'accepted' | 'requests' | 'bytesIn' | 'bytesOut' | 'turns',
  format: (perSecond: number) => string
) => string

/** One line with the counters, and the rates since an earlier sample where there is one. */
export function formatStats(sample: StatsSample, earlier?: StatsSample): string {
  const { stats } = sample
  const rate: Rate = (counter, format) => {
    if (earlier === undefined || sample.time <= earlier.time) return ''
    const perSecond = ((stats[counter] - earlier.stats[counter]) * 1000) / (sample.time - earlier.time)
    return ` (${format(Math.round(perSecond))})`
  }
  const parts = [
    ['connections', connectionParts(stats, rate)],
    ['messages', messageParts(stats, rate)],
    ['bytes', byteParts(stats, rate)],
    ['loop', loopParts(stats, rate)],
  ] as const
  return parts.flatMap(([name, words]) => (words.length === 0 ? [] : `${name}: ${words.join(', ')}`)).join('; ')
}

function connectionParts(stats: ServerStats, rate: Rate): string[] {
  return [
    `${formatCount(stats.open)} open`,
    `${formatCount(stats.accepted)} accepted${rate('accepted', perSecond)}`,
    `${formatCount(stats.reset)} reset`,
    ...unlessZero(stats.timedOut, 'timed out'),
    ...unlessZero(stats.full, 'times full'),
  ]
}

/** Nothing for a protocol that has no messages. */
function messageParts(stats: ServerStats, rate: Rate): string[] {
  const failed = [
    ...unlessZero(stats.refused, 'refused'),
    ...unlessZero(stats.tooLong, 'too long'),
    ...unlessZero(stats.slowMessages, 'too slow'),
  ]
  if (stats.requests === 0 && failed.length === 0) return []
  return [`${formatCount(stats.requests)} answered${rate('requests', perSecond)}`, ...failed]
}

function byteParts(stats: ServerStats, rate: Rate): string[] {
  return [
    `in ${formatSize(stats.bytesIn)}${rate('bytesIn', formatRate)}`,
    `out ${formatSize(stats.bytesOut)}${rate('bytesOut', formatRate)}`,
    `held ${formatSize(stats.heldBytes)}`,
    ...(stats.lostBytes > 0 ? [`lost ${formatSize(stats.lostBytes)}`] : []),
  ]
}

/** Nothing for a model without a loop. */
function loopParts(stats: ServerStats, rate: Rate): string[] {
  return stats.turns === 0 ? [] : [`${formatCount(stats.turns)} turns${rate('turns', perSecond)}`]
}

function unlessZero(count: number, what: string): string[] {
  return count === 0 ? [] : [`${formatCount(count)} ${what}`]
}

/** How the connections are spread over the workers; nothing where there is only one. */
export function formatWorkers(workers: readonly WorkerReport[]): string {
  if (workers.length < 2) return ''
  const shares = workers.map(({ accepted, open }) => `${formatCount(accepted)} (${formatCount(open)} open)`)
  return `; accepted by each of ${workers.length} workers: ${shares.join(', ')}`
}

function perSecond(count: number): string {
  return `${formatCount(count)}/s`
}
