import type { ChildProcess } from 'node:child_process'
import { type ProcessEntry, readProcess } from './process-table.js'

/** PR_SET_CHILD_SUBREAPER of linux/prctl.h */
const setChildSubreaper = 36

/** WNOHANG of sys/wait.h */
const withoutWaiting = 1

/** What we start ourselves in sessions of their own: these children are no orphans. */
const ownChildren = new Set<number>()

const ownSession = readProcess(process.pid)?.session

let waitFor: ((pid: number) => void) | undefined

/**
 * From now on a process of ours that loses its parent becomes our child instead of init's (prctl(2),
 * PR_SET_CHILD_SUBREAPER): so a daemon is known that has left everything else behind by which it could be told.
 * Where the system calls cannot be reached, nothing changes.
 */
export async function inheritOrphans(): Promise<void> {
  if (waitFor !== undefined) return
  waitFor = () => {}
  try {
    const { default: koffi } = await import('koffi')
    const libc = koffi.load(null)
    const prctl = libc.func('int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d)')
    const waitpid = libc.func('int waitpid(int pid, int *status, int options)')
    if (prctl(setChildSubreaper, 1, 0, 0, 0) === 0) waitFor = pid => void waitpid(pid, null, withoutWaiting)
  } catch {
    // No prebuilt koffi for this machine: a daemon without any trace stays unknown.
  }
}

/** Registers a child that was started in a session of its own, for as long as it lives. */
export function ownChild(child: ChildProcess): void {
  const { pid } = child
  if (pid === undefined) return
  ownChildren.add(pid)
  child.once('exit', () => ownChildren.delete(pid))
}

/** True for a process that became our child because its parent has ended. */
export function isOrphan({ pid, parent, session }: ProcessEntry): boolean {
  return parent === process.pid && session !== ownSession && !ownChildren.has(pid)
}

/** Takes the status of an orphan that has ended, so that it does not stay behind as a zombie (waitpid(2)). */
export function reap(orphan: ProcessEntry): void {
  waitFor?.(orphan.pid)
}
