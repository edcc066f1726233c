import { exitCode } from 'command-line'
import { endTree } from './end-tree.js'
import { Interrupts } from './interrupts.js'
import { Monitor, type MonitorOptions } from './monitor.js'
import { LiveLine } from './report/live-line.js'
import type { OutputFiles } from './report/output-files.js'
import { type Course, type Reason, writeResult } from './report/result.js'
import type { Target } from './target.js'

export interface WatchOptions {
  /** Milliseconds. */
  readonly interval: number
  /** Milliseconds; Infinity until it ends. */
  readonly duration: number
  readonly files: OutputFiles
}

/**
 * Watches a target until it ends, the time is over, or Ctrl-C; prints the summary on stdout and writes the files that
 * were asked for. Of a command that we started, whatever still runs when it is not the command that has ended is ended
 * as well. Returns the exit code: the command's own when it ended by itself.
 */
export async function watch(target: Target, options: WatchOptions): Promise<number> {
  const interrupts = new Interrupts()
  const course = await follow(target, options, interrupts)
  writeResult(target, options.interval, course, options.files)
  const { reason, monitor, ending } = course
  if (target.ending && reason !== 'ended' && monitor)
    await endTree(
      () => monitor.members(),
      () => interrupts.isRepeated
    )
  if (reason === 'interrupted') return exitCode.interrupted
  return ending?.exitCode ?? exitCode.success
}

async function follow(target: Target, options: WatchOptions, interrupts: Interrupts): Promise<Course> {
  const line = new LiveLine(process.stderr)
  let onEnd = () => {}
  const treeEnded = new Promise<void>(resolve => {
    onEnd = resolve
  })
  const monitor = await startMonitor(target, {
    interval: options.interval,
    onSample: sample => line.show(sample),
    onEnd,
  })
  if (monitor === undefined) return { reason: 'ended', ending: await target.ending, monitor, summary: undefined }
  const reason = await firstOf(treeEnded, target, options.duration, interrupts)
  const summary = await monitor.stop()
  line.clear()
  return { reason, ending: reason === 'ended' ? await target.ending : undefined, monitor, summary }
}

/** Undefined when a command that we started was faster than we. */
async function startMonitor(target: Target, options: MonitorOptions): Promise<Monitor | undefined> {
  try {
    return await Monitor.start(target.pid, options)
  } catch (error) {
    if (target.ending === undefined || (error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    return undefined
  }
}

/** A command is over when it has ended itself, whatever it leaves behind; another's process with all its descendants. */
async function firstOf(
  treeEnded: Promise<void>,
  target: Target,
  duration: number,
  interrupts: Interrupts
): Promise<Reason> {
  let timer: NodeJS.Timeout | undefined
  const timeUp = new Promise<Reason>(resolve => {
    if (Number.isFinite(duration)) timer = setTimeout(resolve, duration, 'duration')
  })
  try {
    return await Promise.race([
      (target.ending ?? treeEnded).then((): Reason => 'ended'),
      interrupts.first.then((): Reason => 'interrupted'),
      timeUp,
    ])
  } finally {
    clearTimeout(timer)
  }
}
