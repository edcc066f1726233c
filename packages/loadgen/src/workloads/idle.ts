import { formatCount, formatDuration, parseCount, parseDuration } from 'command-line'
import type { PlanBase } from '../plan.js'
import { given, text, type Workload } from '../workload.js'

/** Connections that say nothing. */
export interface IdlePlan extends PlanBase {
  readonly workload: 'idle'
  readonly clients: number
  /** Milliseconds to hold them all, from when the last one stands. Default 0: until the run is stopped. */
  readonly duration?: number
}

export const idle: Workload<IdlePlan> = {
  name: 'idle',
  summary: 'Open many connections, say nothing, and report any that the server closes',
  examples: [['idle 8001 --clients 10k --duration 60s', 'hold 10,000 connections for a minute']],
  connectRate: 2_000,
  options: {
    clients: { type: 'string', default: '1000', describe: 'Connections to hold' },
    duration: { type: 'string', default: '60s', describe: 'How long to hold them all; 0s: until Ctrl-C' },
  },

  planFrom: (args, base, problems) => ({
    ...base,
    workload: 'idle',
    clients: problems.read('--clients', text(args, 'clients'), parseCount) ?? 1,
    ...given({ duration: problems.read('--duration', text(args, 'duration'), parseDuration) }),
  }),

  resolve: plan => ({
    workload: 'idle',
    clients: plan.clients,
    duration: plan.duration ?? 0,
  }),

  validate({ clients }, problems) {
    problems.expect(clients >= 1, `--clients ${clients}: expected at least 1`)
  },

  connections: plan => plan.clients,

  done({ phase, elapsed, measured }, { duration, warmup }) {
    if (duration === 0) return undefined
    // How long the ramp takes is known when it is over.
    const ramp = phase === 'ramp' ? elapsed : elapsed - measured
    return Math.min(1, elapsed / (ramp + (phase === 'ramp' ? warmup : 0) + duration))
  },

  describe: ({ clients, duration, connectRate }) => [
    `${formatCount(clients)} idle connections, opened ${connectRate === 0 ? 'all at once' : `at ${formatCount(connectRate)} a second`}`,
    duration === 0 ? 'held until stopped' : `held for ${formatDuration(duration)}`,
  ],
}
