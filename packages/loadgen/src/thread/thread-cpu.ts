import { readFileSync } from 'node:fs'

/**
 * CPU time that the calling thread has used, in milliseconds (proc(5), `/proc/thread-self/schedstat`: its first figure
 * is in nanoseconds). Where the kernel does not tell, that of the whole process.
 */
export function threadCpu(): number {
  try {
    const [running = '0'] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')
    return Number(running) / 1e6
  } catch {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
}
