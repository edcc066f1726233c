import { formatCount, parseCount } from 'command-line'
import { isPaced } from '../pacing/schedule.js'
import { given, text, type Workload } from '../workload.js'
import {
  describeFlow,
  type FlowPlan,
  flowDone,
  flowOptions,
  flowPlanFrom,
  plannedMessages,
  resolveFlow,
  validateFlow,
} from './flow-options.js'
import {
  describeMessages,
  describeProtocol,
  type MessagePlan,
  messageOptions,
  messagePlanFrom,
  resolveMessage,
  validateMessage,
} from './message-options.js'

/** Clients that come and go: each connects, sends one message, verifies its echo, and closes. */
export interface ChurnPlan extends FlowPlan, MessagePlan {
  readonly workload: 'churn'
  /** At the same time, at most. Default 64; with a rate 1000. */
  readonly clients?: number
  /** Closes by RST, which leaves no socket in TIME_WAIT (tcp(7)). Default false: by FIN. */
  readonly rst?: boolean
}

export const churn: Workload<ChurnPlan> = {
  name: 'churn',
  summary: 'Connections per second: connect, one message, close, and again',
  examples: [
    ['churn 8001 --clients 64 --duration 10s', 'as fast as they are served'],
    ['churn 8001 --rate 5k --rst', '5,000 a second, closed by RST'],
  ],
  connectRate: 0,
  options: {
    clients: { type: 'string', describe: 'At a time, at most [default: 64; with --rate 1000]' },
    rst: { type: 'boolean', describe: 'Close by RST instead of FIN' },
    ...flowOptions,
    ...messageOptions,
  },

  planFrom: (args, base, problems) => ({
    ...base,
    workload: 'churn',
    rst: args.rst === true,
    ...given({ clients: problems.read('--clients', text(args, 'clients'), parseCount) }),
    ...flowPlanFrom(args, problems),
    ...messagePlanFrom(args, problems),
  }),

  resolve: plan => ({
    workload: 'churn',
    clients: plan.clients ?? (plan.rate === undefined ? 64 : 1000),
    rst: plan.rst ?? false,
    ...resolveFlow(plan),
    ...resolveMessage(plan),
  }),

  validate(plan, problems) {
    const { clients, threads, segment } = plan
    const shares = threads * segment.count
    problems.expect(clients >= shares, `--clients ${clients}: expected at least one for each of ${shares} threads`)
    validateFlow(plan, problems)
    validateMessage(plan, problems)
  },

  connections: () => 0,
  concurrent: plan => plan.clients,
  messages: plannedMessages,
  done: flowDone,

  describe(plan) {
    const { clients, rst } = plan
    return [
      `${isPaced(plan) ? 'at most ' : ''}${formatCount(clients)} clients at a time, closing by ${rst ? 'RST' : 'FIN'}; ${describeMessages(plan)}`,
      ...describeProtocol(plan),
      ...describeFlow(plan, 'connections'),
    ]
  },
}
