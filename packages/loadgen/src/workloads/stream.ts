import { formatDuration, formatExactSize, formatRate, parseCount, parseDuration, parseSize } from 'command-line'
import type { PlanBase } from '../plan.js'
import { given, text, type Workload } from '../workload.js'

/** Generated data over a few connections, every byte verified as it comes back. */
export interface StreamPlan extends PlanBase {
  readonly workload: 'stream'
  /** Bytes for all connections together. Default 0: until the duration ends or the run is stopped. */
  readonly size?: number
  /** Default: one for each target. */
  readonly connections?: number
  /** Never reads. The run ends when the size has been sent, or after the duration. */
  readonly noRead?: boolean
  /** Reads nothing for so many milliseconds, then everything. */
  readonly readLater?: number
  /** Bytes per second and connection; default 0: as fast as they go. */
  readonly rateLimit?: number
  /** Milliseconds after which nothing more is sent. */
  readonly duration?: number
  /** With `noRead`: keeps the connections when all is sent, for `startReading` or `stop`. */
  readonly hold?: boolean
  /** Closes its side only when everything has come back, instead of right behind the last byte. */
  readonly finAfterEcho?: boolean
}

export const stream: Workload<StreamPlan> = {
  name: 'stream',
  summary: 'Stream generated data and verify every byte that comes back',
  examples: [
    ['stream 8001 --size 4g', '4 GiB through one connection'],
    ['stream 8001-8004 --size 1g --connections 16', '16 connections over four ports'],
    ['stream 8001 --size 4g --no-read', 'a client that never reads'],
  ],
  connectRate: 0,
  options: {
    size: { type: 'string', describe: 'Bytes to send over all connections: 4g, 512k, 4GB' },
    connections: { type: 'string', describe: 'Connections [default: one for each target]' },
    'no-read': { type: 'boolean', describe: 'Never read what comes back' },
    'read-later': { type: 'string', describe: 'Read nothing for so long, then everything' },
    'rate-limit': { type: 'string', describe: 'Bytes per second for each connection' },
    duration: { type: 'string', describe: 'Stop sending after so long' },
    'fin-after-echo': { type: 'boolean', describe: 'Close only when everything has come back' },
  },

  planFrom(args, base, problems) {
    const read = <Value>(option: string, parse: (value: string) => Value) =>
      problems.read(`--${option}`, text(args, option), parse)
    const endless = args.size === undefined && args.duration === undefined
    problems.expect(!endless, 'how much to stream is missing; give --size or --duration')
    return {
      ...base,
      workload: 'stream',
      noRead: args['no-read'] === true,
      finAfterEcho: args['fin-after-echo'] === true,
      ...given({
        size: read('size', parseSize),
        connections: read('connections', parseCount),
        readLater: read('read-later', parseDuration),
        rateLimit: read('rate-limit', parseSize),
        duration: read('duration', parseDuration),
      }),
    }
  },

  resolve: plan => ({
    workload: 'stream',
    size: plan.size ?? 0,
    connections: plan.connections ?? plan.targets.length,
    noRead: plan.noRead ?? false,
    readLater: plan.readLater ?? 0,
    rateLimit: plan.rateLimit ?? 0,
    duration: plan.duration ?? 0,
    hold: plan.hold ?? false,
    finAfterEcho: plan.finAfterEcho ?? false,
  }),

  validate({ targets, size, connections, noRead, readLater, hold, finAfterEcho }, problems) {
    problems.expect(
      connections >= targets.length,
      `${connections} connections cannot serve ${targets.length} targets; give --connections ${targets.length} or more`
    )
    problems.expect(
      size === 0 || size >= connections,
      `${size} bytes cannot be shared by ${connections} connections; give a --size of at least one byte for each`
    )
    problems.expect(!(noRead && readLater > 0), '--no-read and --read-later exclude each other')
    problems.expect(!(noRead && !hold && finAfterEcho), '--no-read and --fin-after-echo exclude each other')
    problems.expect(noRead || !hold, 'only a stream that does not read can be held')
  },

  connections: plan => plan.connections,

  done({ sent, verified, elapsed }, { size, duration, noRead, segment }) {
    const ofSize = size === 0 ? 0 : ((noRead ? sent : verified) * segment.count) / size
    const ofTime = duration === 0 ? 0 : elapsed / duration
    return size === 0 && duration === 0 ? undefined : Math.min(1, Math.max(ofSize, ofTime))
  },

  describe({ size, connections, noRead, readLater, rateLimit, duration }) {
    const what = size === 0 ? 'data without end' : formatExactSize(size)
    const reading = noRead
      ? 'never reading'
      : readLater > 0
        ? `reading nothing for ${formatDuration(readLater)}, then everything`
        : 'verifying every byte that comes back'
    return [
      `${what} over ${connections === 1 ? 'one connection' : `${connections} connections`}, ${reading}`,
      ...(rateLimit > 0 ? [`at most ${formatRate(rateLimit)} on each connection`] : []),
      ...(duration > 0 ? [`sending for ${formatDuration(duration)}`] : []),
    ]
  },
}
