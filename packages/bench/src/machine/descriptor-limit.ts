import { readFileSync } from 'node:fs'

/** How many descriptors a process may have open at most: the hard limit, to which bench raises every program. */
export function descriptorLimit(): number {
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard)
}
