import { exitCode } from 'command-line'
import { Monitor, type MonitorOptions } from './monitor.js'
import { toCsv } from './report/csv.js'
import { LiveLine } from './report/live-line.js'
import type { OutputFiles } from './report/output-files.js'
import { summaryText } from './report/summary-text.js'
import type { Target } from './target.js'

export interface WatchOptions {
  /** Milliseconds. */
  readonly interval: number
  /** Milliseconds; Infinity until it ends. */
  readonly duration: number
  readonly files: OutputFiles
}

/** Why watching came to its end. */
type Reason = 'duration' | 'ended' | 'interrupted'

/**
 * Watches a target until it ends, the time is over, or Ctrl-C; prints the summary on stdout and writes the files that
 * were asked for. Returns the exit code: the command's own when it ended by itself.
 */
export async function watch(target: Target, options: WatchOptions): Promise<number> {
  const line = new LiveLine(process.stderr)
  const interrupted = onInterrupt()
  const ended = deferred<Reason>()
  const monitor = await startMonitor(target, {
    interval: options.interval,
    onSample: sample => line.show(sample),
    onEnd: () => ended.resolve('ended'),
  })
  if (monitor === undefined) {
    const ending = await target.ending
    console.log(`${target.description}: ${describeEnd('ended', ending)} before it could be sampled`)
    return ending ?? exitCode.success
  }
  target.ending?.then(() => ended.resolve('ended'))
  const timeUp = deferred<Reason>()
  const timer = Number.isFinite(options.duration)
    ? setTimeout(() => timeUp.resolve('duration'), options.duration)
    : undefined
  const reason = await Promise.race([ended.promise, timeUp.promise, interrupted])
  clearTimeout(timer)
  const summary = await monitor.stop()
  line.clear()
  const ending = reason === 'ended' ? await target.ending : undefined
  console.log(`${target.description}: ${describeEnd(reason, ending)}`)
  console.log(summaryText(summary, monitor.samples, monitor.ownCost))
  const { interval } = options
  const { samples, ownCost } = monitor
  const end = { reason, exitCode: ending }
  options.files.json?.(
    `${JSON.stringify({ target: target.description, interval, end, summary, ownCost, samples }, undefined, 2)}\n`
  )
  options.files.csv?.(toCsv(samples))
  if (reason !== 'ended') await target.end()
  if (reason === 'interrupted') return exitCode.interrupted
  return ending ?? exitCode.success
}

function describeEnd(reason: Reason, ending: number | undefined): string {
  if (reason === 'interrupted') return 'interrupted'
  if (reason === 'duration') return 'still running'
  if (ending === undefined) return 'ended'
  return ending > 128 ? `ended by signal ${ending - 128}` : `ended with exit code ${ending}`
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

function onInterrupt(): Promise<Reason> {
  return new Promise(resolve => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'))
  })
}

function deferred<Value>(): { promise: Promise<Value>; resolve: (value: Value) => void } {
  let resolve: (value: Value) => void = () => {}
  const promise = new Promise<Value>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}
