import {
  formatCount,
  formatDuration,
  formatExactSize,
  parseCount,
  parseDuration,
  parseSize,
  UsageError,
} from 'command-line'
import type { Options } from 'yargs'
import { parseRate } from '../pacing/rate.js'
import { isPaced, type Rate } from '../pacing/schedule.js'
import { portion, shareOfSegment } from '../pacing/share.js'
import type { PlanBase, Resolved } from '../plan.js'
import type { Problems } from '../problems.js'
import type { Progress } from '../report.js'
import { type Arguments, given, text } from '../workload.js'

/** How fast a workload begins messages, and when it has done enough. */
export interface FlowPlan extends PlanBase {
  /**
   * Open loop: messages are due by a schedule of so many in a second. Default 0: closed loop, the next message follows
   * the reply to the last one.
   */
  readonly rate?: Rate
  /** Default `constant`. */
  readonly arrivals?: 'constant' | 'poisson'
  /** Length of the measured phase. Default 10,000, where no number is given. 0: until the work is done. */
  readonly duration?: number
  /** Messages of the measured phase, over all connections. Default 0: as many as the time allows. */
  readonly requests?: number
  /** Bytes to send in the measured phase, over all connections. Default 0: as many as the time allows. */
  readonly bytes?: number
}

const ordinaryDuration = 10_000

export const flowOptions: Readonly<Record<string, Options>> = {
  rate: { type: 'string', describe: 'Open loop: so many in a second, or a ramp: 1k..100k' },
  arrivals: { type: 'string', describe: 'When they are due: constant (default) or poisson' },
  duration: { type: 'string', describe: 'Measure for so long [default: 10s]' },
  requests: { type: 'string', describe: 'Measure so many' },
  bytes: { type: 'string', describe: 'Measure until so many bytes are sent' },
}

/** The flow part of a plan. What cannot be read goes to `problems`. */
export function flowPlanFrom(args: Arguments, problems: Problems) {
  const read = <Value>(option: string, parse: (value: string) => Value) =>
    problems.read(`--${option}`, text(args, option), parse)
  return given({
    rate: read('rate', parseRate),
    arrivals: text(args, 'arrivals') as FlowPlan['arrivals'],
    duration: read('duration', parseDuration),
    requests: read('requests', atLeastOne(parseCount)),
    bytes: read('bytes', atLeastOne(parseSize)),
  })
}

/** In a plan 0 is no limit; on a command line it would be a mistake that nobody notices. */
function atLeastOne(parse: (text: string) => number): (text: string) => number {
  return text => {
    const value = parse(text)
    if (value === 0) throw new UsageError(`'${text}' is nothing to measure; expected at least 1, or no such option`)
    return value
  }
}

export function resolveFlow({ rate, arrivals, duration, requests = 0, bytes = 0 }: FlowPlan) {
  return {
    rate: rate ?? { from: 0, to: 0 },
    arrivals: arrivals ?? 'constant',
    duration: duration ?? (requests === 0 && bytes === 0 ? ordinaryDuration : 0),
    requests,
    bytes,
  }
}

export function validatePace(plan: Pick<Required<FlowPlan>, 'rate' | 'arrivals'>, problems: Problems): void {
  const { rate, arrivals } = plan
  const paced = isPaced(plan)
  problems.expect(
    [rate.from, rate.to].every(value => Number.isSafeInteger(value) && value >= (paced ? 1 : 0)),
    `--rate ${rate.from}..${rate.to}: expected events per second, at least 1`
  )
  problems.expect(
    arrivals === 'constant' || arrivals === 'poisson',
    `--arrivals ${arrivals}: expected constant or poisson`
  )
  problems.expect(paced || arrivals === 'constant', '--arrivals poisson is of no use without --rate')
}

export function validateFlow(plan: Resolved<FlowPlan>, problems: Problems): void {
  const { rate, duration, requests, bytes } = plan
  validatePace(plan, problems)
  problems.expect(rate.from === rate.to || duration > 0, 'a --rate that changes needs a --duration to change in')
  problems.expect(duration > 0 || requests > 0 || bytes > 0, 'a --duration of 0 needs --requests or --bytes')
  const share = shareOfSegment(plan.segment).count * plan.threads
  problems.expect(
    requests === 0 || requests >= share,
    `--requests ${requests}: expected at least one for each of ${share} threads`
  )
}

/** Messages of the measured phase in this segment, 0 where no number is planned. */
export function plannedMessages({ requests, segment }: Resolved<FlowPlan>): number {
  return requests === 0 ? 0 : portion(requests, shareOfSegment(segment))
}

/** Share of the measured phase that is over. */
export function flowDone(progress: Progress, plan: Resolved<FlowPlan>): number {
  const { duration, requests, bytes, segment } = plan
  // What went over in the warm-up does not count: the progress as a whole, were it as fast throughout, is near enough.
  const { elapsed, measured, messages = 0, sent } = progress
  const part = elapsed > 0 ? measured / elapsed : 0
  return Math.min(
    1,
    Math.max(
      duration === 0 ? 0 : measured / duration,
      requests === 0 ? 0 : (part * messages * segment.count) / requests,
      bytes === 0 ? 0 : (part * sent * segment.count) / bytes
    )
  )
}

/** In words: how fast, and how much; `what` are the events. */
export function describeFlow(plan: Resolved<FlowPlan>, what: string): string[] {
  const { rate, arrivals, duration, requests, bytes, warmup } = plan
  const ramp =
    rate.from === rate.to ? formatCount(rate.from) : `from ${formatCount(rate.from)} to ${formatCount(rate.to)}`
  const pace = isPaced(plan)
    ? `open loop: ${ramp} ${what} a second${arrivals === 'poisson' ? ', Poisson arrivals' : ''}, latency from when they are due`
    : 'closed loop: the next one follows the reply'
  const ends = [
    ...(duration > 0 ? [formatDuration(duration)] : []),
    ...(requests > 0 ? [`${formatCount(requests)} ${what}`] : []),
    ...(bytes > 0 ? [formatExactSize(bytes)] : []),
  ]
  const before = warmup > 0 ? ` after a warm-up of ${formatDuration(warmup)}` : ''
  return [pace, `measuring ${ends.join(' or ')}${before}`]
}
