import { readdir, readFile } from 'node:fs/promises'

/** The processes that a process has started and that are there still (proc(5), `children`). */
export async function childrenOf(pid: number): Promise<number[]> {
  const children: number[] = []
  for (const thread of await readdir(`/proc/${pid}/task`).catch(() => [])) {
    const text = await readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')
    children.push(...text.split(' ').filter(Boolean).map(Number))
  }
  return children.sort((a, b) => a - b)
}

/** Whether a process runs; one that has ended and is only not yet waited for does not. */
export async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
  return status !== undefined && !/^\d+ \(.*\) [ZX]/.test(status)
}

/** The CPU time that a process and its children have used until now, in milliseconds (proc(5), `stat`). */
export async function cpuTimeOf(pid: number): Promise<number> {
  let ticks = 0
  for (const process of [pid, ...(await childrenOf(pid))]) {
    const status = await readFile(`/proc/${process}/stat`, 'latin1')
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks * 10
}
