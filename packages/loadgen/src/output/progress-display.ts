import { SingleBar } from 'cli-progress'
import { formatCount, formatDuration, formatRate, formatSize } from 'command-line'
import type { Progress } from './report.js'

/** Shows on stderr where a run stands. The only file that draws. */
export interface ProgressDisplay {
  show(progress: Progress): void
  /** Leaves the terminal clean. */
  stop(): void
}

/** Where stderr is no terminal, a line is written this often (ms). */
const lineInterval = 5_000

/** A rate is taken over the last so many milliseconds. */
const rateWindow = 2_000

/** A bar on a terminal, a plain line every few seconds elsewhere. */
export function createProgressDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY ? barDisplay(stream) : lineDisplay(stream)
}

function barDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const bar = new SingleBar({
    stream,
    format: (_options, params, payload) => {
      const share = payload.endless ? '' : `${'█'.repeat(Math.round(params.progress * 20)).padEnd(20, '░')} `
      return ` ${share}${payload.text}`
    },
    clearOnComplete: true,
    hideCursor: true,
    linewrap: false,
  })
  const recent = createRecent()
  let started = false
  return {
    show(progress) {
      const payload = { text: describe(progress, recent), endless: progress.done === undefined }
      if (started) bar.update(progress.done ?? 0, payload)
      else bar.start(1, progress.done ?? 0, payload)
      started = true
    },
    stop() {
      if (started) bar.stop()
    },
  }
}

function lineDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  const recent = createRecent()
  let next = lineInterval
  return {
    show(progress) {
      const text = describe(progress, recent)
      if (progress.elapsed < next) return
      next = progress.elapsed + lineInterval
      stream.write(`${formatDuration(Math.round(progress.elapsed / 1000) * 1000)}: ${text}\n`)
    },
    stop() {},
  }
}

/** What there is to say of a run at one moment, in one line. */
function describe(progress: Progress, recent: Recent): string {
  const { sent, verified, connections, messages, done, elapsed, sinceProgress } = progress
  const rate = recent.rate(elapsed, Math.max(sent, verified))
  const parts = done === undefined ? [] : [`${Math.floor(done * 100)}%`]
  if (sent > 0) parts.push(`${formatSize(sent)} sent, ${formatSize(verified)} verified`, formatRate(rate))
  if (messages !== undefined) parts.push(`${formatCount(messages)} strings`)
  if (connections.planned > 1) parts.push(`${formatCount(connections.open)} open`)
  if (connections.failed > 0) parts.push(`${formatCount(connections.failed)} failed`)
  if (sinceProgress >= 1000) parts.push(`no progress for ${formatDuration(Math.floor(sinceProgress / 1000) * 1000)}`)
  if (done !== undefined && done > 0 && done < 1 && elapsed > 1000) {
    const left = Math.ceil((elapsed * (1 - done)) / done / 1000) * 1000
    parts.push(`${formatDuration(left)} left`)
  }
  return parts.join(' | ')
}

/** Remembers a little of the past, for the present rate. */
interface Recent {
  /** Bytes per second lately, `bytes` having been reached after `elapsed` milliseconds. */
  rate(elapsed: number, bytes: number): number
}

function createRecent(): Recent {
  let marks = [{ elapsed: 0, bytes: 0 }]
  return {
    rate(elapsed, bytes) {
      const kept = marks.filter(mark => elapsed - mark.elapsed <= rateWindow)
      marks = [...(kept.length > 0 ? kept : marks.slice(-1)), { elapsed, bytes }]
      const first = marks[0] as { elapsed: number; bytes: number }
      return elapsed > first.elapsed ? ((bytes - first.bytes) * 1000) / (elapsed - first.elapsed) : 0
    },
  }
}
