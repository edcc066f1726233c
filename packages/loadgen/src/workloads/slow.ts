import { formatCount, formatDuration, parseCount, parseDuration } from 'command-line'
import type { PlanBase } from '../plan.js'
import { given, text, type Workload } from '../workload.js'

const ways = {
  write: 'send a byte at a time',
  read: 'read a byte at a time of much that is echoed',
} as const

/** Clients that occupy the server by taking their time (slowloris). */
export interface SlowPlan extends PlanBase {
  readonly workload: 'slow'
  readonly how: keyof typeof ways | 'both'
  readonly clients: number
  /** Milliseconds between two bytes. Default 1000. */
  readonly every?: number
  /** Milliseconds, from when they all stand. Default 10,000; 0: until the run is stopped. */
  readonly duration?: number
}

const choices = [...Object.keys(ways), 'both']

export const slow: Workload<SlowPlan> = {
  name: 'slow',
  summary: 'Slowloris: clients that write or read a byte at a time',
  examples: [
    ['slow 8001 --how write --clients 500 --every 1s', '500 slow writers'],
    ['slow 8001 --how both --duration 1m --monitor auto', 'what do they cost the server?'],
  ],
  connectRate: 1_000,
  options: {
    how: { type: 'string', describe: `What is slow: ${choices.join(', ')} [default: both]` },
    clients: { type: 'string', describe: 'Clients [default: 100]' },
    every: { type: 'string', describe: 'Time between two bytes [default: 1s]' },
    duration: { type: 'string', describe: 'For so long; 0: until Ctrl-C [default: 10s]' },
  },

  planFrom: (args, base, problems) => ({
    ...base,
    workload: 'slow',
    how: (text(args, 'how') ?? 'both') as SlowPlan['how'],
    clients: problems.read('--clients', text(args, 'clients') ?? '100', parseCount) ?? 1,
    ...given({
      every: problems.read('--every', text(args, 'every'), parseDuration),
      duration: problems.read('--duration', text(args, 'duration'), parseDuration),
    }),
  }),

  resolve: plan => ({
    workload: 'slow',
    how: plan.how,
    clients: plan.clients,
    every: plan.every ?? 1_000,
    duration: plan.duration ?? 10_000,
  }),

  validate({ how, clients, every, stallTimeout }, problems) {
    problems.expect(choices.includes(how), `--how ${how}: expected one of ${choices.join(', ')}`)
    problems.expect(clients >= 1, `--clients ${clients}: expected at least 1`)
    problems.expect(every >= 1, `--every ${every}: expected at least 1ms`)
    problems.expect(
      stallTimeout === 0 || every < stallTimeout,
      `--every ${formatDuration(every)} is no less than the --stall-timeout of ${formatDuration(stallTimeout)}`
    )
  },

  connections: plan => plan.clients,

  done({ measured }, { duration }) {
    return duration === 0 ? undefined : Math.min(1, measured / duration)
  },

  describe: ({ how, clients, every, duration }) => [
    `${formatCount(clients)} clients that ${how === 'both' ? `in turn ${ways.write}, or ${ways.read}` : ways[how]}, every ${formatDuration(every)}`,
    duration === 0 ? 'until stopped' : `for ${formatDuration(duration)}`,
  ],
}
