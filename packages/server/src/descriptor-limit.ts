import { readFile } from 'node:fs/promises'

/** How many descriptors this process may have open; Node raises the soft limit to the hard one when it starts. */
export interface DescriptorLimit {
  /** `unlimited` as Infinity. */
  readonly soft: number
  readonly hard: number
}

/** `RLIMIT_NOFILE` (getrlimit(2)), as `/proc/self/limits` has it; undefined where there is none. */
export async function readDescriptorLimit(): Promise<DescriptorLimit | undefined> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '')
  const [, soft, hard] = /^Max open files\s+(\S+)\s+(\S+)/m.exec(limits) ?? []
  if (soft === undefined || hard === undefined) return undefined
  return { soft: toNumber(soft), hard: toNumber(hard) }
}

function toNumber(text: string): number {
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text)
}
