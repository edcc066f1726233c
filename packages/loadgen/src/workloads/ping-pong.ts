import { formatCount, parseCount } from 'command-line'
import { given, text, type Workload } from '../workload.js'
import {
  describeFlow,
  type FlowPlan,
  flowDone,
  flowOptions,
  flowPlanFrom,
  isPaced,
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

/** Messages that are echoed: each connection sends one, waits until it has come back, verifies it, sends the next. */
export interface PingPongPlan extends FlowPlan, MessagePlan {
  readonly workload: 'ping-pong'
  /** Default 64. */
  readonly connections?: number
  /** Messages on their way at the same time on each connection. Default 1. */
  readonly pipeline?: number
}

const deepestPipeline = 4096

/** Bytes. */
const shortMessage = 4096

export const pingPong: Workload<PingPongPlan> = {
  name: 'ping-pong',
  summary: 'Requests per second and latency: messages back and forth, all verified',
  examples: [
    ['ping-pong 8001 --connections 64 --duration 30s', 'as fast as the replies come'],
    ['ping-pong 8001 --rate 50k --warmup 5s', 'open loop, 50,000 a second'],
    ['ping-pong 8001 --rate 1k..100k --duration 1m', 'where does the latency rise?'],
    ['ping-pong 8001 --size 1..64k --pipeline 8', 'random lengths, 8 on their way'],
    ['ping-pong 31337 --protocol journal --user foobar', 'greeted, then line by line'],
  ],
  connectRate: 5_000,

  // One call for a whole batch of messages instead of two for each. Where messages are long the calls are not what
  // costs, and at a rate below saturation there are no batches.
  preferredEngine: ({ size, message, ...flow }) =>
    !isPaced(flow) && Math.max(size.maximum, message.length) <= shortMessage ? 'uring' : 'auto',

  options: {
    connections: { type: 'string', describe: 'Connections [default: 64]' },
    pipeline: { type: 'string', describe: 'Messages on their way on each [default: 1]' },
    ...flowOptions,
    ...messageOptions,
  },

  planFrom(args, base, problems) {
    const count = (option: string) => problems.read(`--${option}`, text(args, option), parseCount)
    return {
      ...base,
      workload: 'ping-pong',
      ...given({ connections: count('connections'), pipeline: count('pipeline') }),
      ...flowPlanFrom(args, problems),
      ...messagePlanFrom(args, problems),
    }
  },

  resolve: plan => ({
    workload: 'ping-pong',
    connections: plan.connections ?? 64,
    pipeline: plan.pipeline ?? 1,
    ...resolveFlow(plan),
    ...resolveMessage(plan),
  }),

  validate(plan, problems) {
    const { connections, pipeline, targets } = plan
    problems.expect(
      connections >= Math.max(1, targets.length),
      `--connections ${connections}: expected at least one for each of ${targets.length} targets`
    )
    problems.expect(
      pipeline >= 1 && pipeline <= deepestPipeline,
      `--pipeline ${pipeline}: expected 1 to ${deepestPipeline}`
    )
    validateFlow(plan, problems)
    validateMessage(plan, problems)
  },

  connections: plan => plan.connections,
  messages: plannedMessages,
  done: flowDone,

  describe(plan) {
    const { connections, pipeline } = plan
    const depth = pipeline === 1 ? '' : `, up to ${formatCount(pipeline)} on their way on each`
    return [
      `${formatCount(connections)} connections${depth}, ${describeMessages(plan)}`,
      ...describeProtocol(plan),
      ...describeFlow(plan, 'messages'),
    ]
  },
}
