import cliProgress from 'cli-progress'
import { formatCount, formatDuration, formatRate, formatSize } from 'command-line'
import { createLogUpdate } from 'log-update'
import { primaryKind } from '../measurement/latency-kind.js'
import type { LatencySummary } from '../measurement/latency-recorder.js'
import type { Interval, Progress } from '../report.js'
import { formatFigure, formatLatency } from './formats.js'
import type { Output } from './output.js'

/** Where stderr is no terminal, a line is written this often (ms). */
const lineInterval = 5_000

/** A rate is taken over the last so many milliseconds. */
const rateWindow = 2_000

const barWidth = 20

const bar = {
  barsize: barWidth,
  barCompleteString: '█'.repeat(barWidth),
  barIncompleteString: '░'.repeat(barWidth),
  barGlue: '',
}

/**
 * Tells on stderr what a run will do and where it stands: on a terminal by a view that stays in its place and is gone
 * at the end, elsewhere by a plain line every few seconds.
 */
export function progressOutput(stream: NodeJS.WriteStream): Output {
  const display = stream.isTTY ? liveView(stream) : plainLines(stream)
  return { ...display, onStart: ({ description }) => void stream.write(`${description.join('\n  ')}\n`) }
}

function liveView(stream: NodeJS.WriteStream): Output {
  const draw = createLogUpdate(stream)
  const state = createState()
  return {
    onProgress(progress) {
      const { done } = progress
      const facts = factsOf(progress, state)
      const share = done === undefined ? '' : `${cliProgress.Format.BarFormat(done, bar)} `
      const lines = [
        [`${share}${facts.time[0] ?? ''}`, ...facts.time.slice(1)],
        facts.traffic,
        facts.latency,
        facts.connections,
      ]
      draw(
        lines
          .filter(parts => parts.length > 0)
          .map(parts => ` ${parts.join('   ')}`)
          .join('\n')
      )
    },
    onInterval: state.remember,
    onEnd() {
      draw.clear()
      draw.done()
    },
  }
}

function plainLines(stream: NodeJS.WriteStream): Output {
  const state = createState()
  let next = lineInterval
  return {
    onProgress(progress) {
      const { time, traffic, latency, connections } = factsOf(progress, state)
      if (progress.elapsed < next) return
      next = progress.elapsed + lineInterval
      const at = formatDuration(Math.round(progress.elapsed / 1000) * 1000)
      stream.write(`${at}: ${[...time, ...traffic, ...latency, ...connections].join(' | ')}\n`)
    },
    onInterval: state.remember,
  }
}

/** What there is to say of a run at one moment. */
interface Facts {
  readonly time: readonly string[]
  readonly traffic: readonly string[]
  readonly latency: readonly string[]
  readonly connections: readonly string[]
}

function factsOf(progress: Progress, state: State): Facts {
  const { sent, verified, messages } = progress
  const rates = state.rates(progress)
  const traffic: string[] = []
  if (messages !== undefined) {
    traffic.push(`${formatCount(messages)} messages`, formatFigure(rates.messages, 'per second'))
  }
  if (sent > 0) traffic.push(`${formatSize(sent)} sent, ${formatSize(verified)} verified`, formatRate(rates.bytes))
  return {
    time: timeFacts(progress),
    traffic,
    latency: latencyFacts(state.latency),
    connections: connectionFacts(progress),
  }
}

function timeFacts({ done, elapsed, measured, phase }: Progress): string[] {
  const parts = done === undefined ? [] : [`${Math.floor(done * 100)}%`]
  if (phase !== 'measured') parts.push(phaseNames[phase])
  if (done !== undefined && done > 0 && done < 1 && elapsed > 1000) {
    // Ramp and warm-up are over, and no measure of what is to come.
    const worked = measured > 0 ? measured : elapsed
    const left = Math.ceil((worked * (1 - done)) / done / 1000) * 1000
    parts.push(`${formatDuration(left)} left`)
  }
  return parts
}

const phaseNames = { ramp: 'connecting', warmup: 'warming up', drain: 'waiting for what is outstanding' } as const

function latencyFacts(latency: LatencySummary | undefined): string[] {
  if (latency === undefined) return []
  const { p50, p90, p99, max } = latency
  return [
    `p50 ${formatLatency(p50)}`,
    `p90 ${formatLatency(p90)}`,
    `p99 ${formatLatency(p99)}`,
    `max ${formatLatency(max)}`,
  ]
}

function connectionFacts({ connections, sinceProgress, failureCounts }: Progress): string[] {
  const parts: string[] = []
  if (connections.planned !== 1) parts.push(`${formatCount(connections.open)} open`)
  const kinds = Object.entries(failureCounts).map(([kind, count]) => `${formatCount(count)} × ${kind}`)
  if (kinds.length > 0) parts.push(kinds.join(', '))
  if (sinceProgress >= 1000) parts.push(`no progress for ${formatDuration(Math.floor(sinceProgress / 1000) * 1000)}`)
  return parts
}

/** What is known of the past of a run. */
interface State {
  /** Latencies of the last interval that had some. */
  readonly latency: LatencySummary | undefined
  remember(interval: Interval): void
  /** Bytes and messages per second lately. */
  rates(progress: Progress): { bytes: number; messages: number }
}

interface Mark {
  readonly elapsed: number
  readonly bytes: number
  readonly messages: number
}

function createState(): State {
  let marks: Mark[] = [{ elapsed: 0, bytes: 0, messages: 0 }]
  let latency: LatencySummary | undefined
  return {
    get latency() {
      return latency
    },
    remember(interval) {
      const kind = primaryKind(interval)
      if (kind !== undefined) latency = interval[kind]
    },
    rates({ elapsed, sent, verified, messages = 0 }) {
      const kept = marks.filter(mark => elapsed - mark.elapsed <= rateWindow)
      const now = { elapsed, bytes: Math.max(sent, verified), messages }
      marks = [...(kept.length > 0 ? kept : marks.slice(-1)), now]
      const first = marks[0] as Mark
      const span = elapsed - first.elapsed
      const rate = (from: number, to: number) => (span > 0 ? ((to - from) * 1000) / span : 0)
      return { bytes: rate(first.bytes, now.bytes), messages: rate(first.messages, now.messages) }
    },
  }
}
