import { formatCount, formatRate, formatSize } from 'command-line'
import type { ServerStats } from './server-messages.js'

/** A server's counters, and when they were read, in milliseconds on a monotonic clock. */
export interface StatsSample {
  readonly stats: ServerStats
  readonly time: number
}

/** One line with the counters, and the rates since an earlier sample where there is one. */
export function formatStats(sample: StatsSample, earlier?: StatsSample): string {
  const { stats } = sample
  const rate = (counter: 'accepted' | 'bytesIn' | 'bytesOut' | 'turns', format: (perSecond: number) => string) => {
    if (earlier === undefined || sample.time <= earlier.time) return ''
    const perSecond = ((stats[counter] - earlier.stats[counter]) * 1000) / (sample.time - earlier.time)
    return ` (${format(Math.round(perSecond))})`
  }
  const connections = [
    `${formatCount(stats.open)} open`,
    `${formatCount(stats.accepted)} accepted${rate('accepted', perSecond)}`,
    `${formatCount(stats.reset)} reset`,
  ]
  if (stats.timedOut > 0) connections.push(`${formatCount(stats.timedOut)} timed out`)
  const bytes = [
    `in ${formatSize(stats.bytesIn)}${rate('bytesIn', formatRate)}`,
    `out ${formatSize(stats.bytesOut)}${rate('bytesOut', formatRate)}`,
    `held ${formatSize(stats.heldBytes)}`,
  ]
  if (stats.lostBytes > 0) bytes.push(`lost ${formatSize(stats.lostBytes)}`)
  const turns = `${formatCount(stats.turns)} turns${rate('turns', perSecond)}`
  return `connections: ${connections.join(', ')}; bytes: ${bytes.join(', ')}; loop: ${turns}`
}

function perSecond(count: number): string {
  return `${formatCount(count)}/s`
}
