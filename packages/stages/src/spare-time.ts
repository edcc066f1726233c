import { cpus } from 'node:os'

/** A machine that has less than this percentage of its time to spare has kept somebody waiting. */
const leastSpare = 5

/** Watches whether the machine had time to spare: if it had, a program got all the CPU time that it asked for. */
export class SpareTime {
  readonly #start = readTimes()

  /** True when the cores have hardly been idle since this was made (`/proc/stat`, proc_stat(5)). */
  get wasShort(): boolean {
    const [start, now] = [this.#start, readTimes()]
    const total = now.total - start.total
    return total > 0 && (100 * (now.idle - start.idle)) / total < leastSpare
  }
}

/** Milliseconds over all cores. */
function readTimes(): { readonly idle: number; readonly total: number } {
  let [idle, total] = [0, 0]
  for (const { times } of cpus()) {
    idle += times.idle
    total += times.user + times.nice + times.sys + times.irq + times.idle
  }
  return { idle, total }
}
