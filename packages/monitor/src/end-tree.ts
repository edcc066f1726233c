import { setTimeout as delay } from 'node:timers/promises'

/** How long processes may take to end after SIGTERM before they get SIGKILL, in milliseconds: servers drain. */
const patience = 10_000

/** After so many milliseconds whoever waits is told what for. */
const silence = 1000

/** How long the kernel may take to end them after SIGKILL, in milliseconds. */
const killing = 1000

const pause = 20

/**
 * Ends processes: SIGTERM, and SIGKILL for those that still run a while later, or as soon as `isUrgent`. `members`
 * names those that run at the moment; who is started meanwhile is ended as well.
 */
export async function endTree(members: () => readonly number[], isUrgent: () => boolean): Promise<void> {
  signalAll(members(), 'SIGTERM')
  if (await areGone(members, silence, isUrgent)) return
  process.stderr.write(`monitor: waiting for pid ${members().join(', ')} to end; Ctrl-C kills\n`)
  if (await areGone(members, patience, isUrgent)) return
  signalAll(members(), 'SIGKILL')
  await areGone(members, killing, () => false)
}

async function areGone(members: () => readonly number[], within: number, isUrgent: () => boolean): Promise<boolean> {
  const until = performance.now() + within
  while (members().length > 0) {
    if (performance.now() > until || isUrgent()) return false
    await delay(pause)
  }
  return true
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch {
      // It has ended meanwhile, or is not ours to end.
    }
  }
}
