import { identityOf, type ProcessStat, readProcessStat } from './process-stat.js'

/** Among so many looks one is undisturbed, unless processes end faster than the table can be read. */
const looks = 5

/**
 * Reads processes one after the other, and yet as they all were at one moment, as far as the waiting for children goes.
 * The CPU time of a process passes to its parent when that waits for it: seen before in the one and after in the other
 * it would count twice. So everything is read again until nobody was waited for in between.
 */
export function takeSnapshot(list: () => readonly ProcessStat[]): readonly ProcessStat[] {
  let stats = list()
  for (let look = 1; look < looks && !stats.every(isUnchanged); look++) stats = list()
  return stats
}

function isUnchanged(stat: ProcessStat): boolean {
  const now = readProcessStat(stat.pid)
  return now !== undefined && identityOf(now) === identityOf(stat) && now.childrenTicks === stat.childrenTicks
}
