import { formatCount } from 'command-line'
import { isPaced } from '../pacing/schedule.js'
import type { Workload } from '../workload.js'
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
import {
  type PipelinePlan,
  pipelineOptions,
  pipelinePlanFrom,
  resolvePipeline,
  validatePipeline,
} from './pipeline-options.js'

/** Messages that are echoed: each connection sends one, waits until it has come back, verifies it, sends the next. */
export interface PingPongPlan extends PipelinePlan, FlowPlan, MessagePlan {
  readonly workload: 'ping-pong'
}

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
    ...pipelineOptions('Messages'),
    ...flowOptions,
    ...messageOptions,
  },

  planFrom(args, base, problems) {
    return {
      ...base,
      workload: 'ping-pong',
      ...pipelinePlanFrom(args, problems),
      ...flowPlanFrom(args, problems),
      ...messagePlanFrom(args, problems),
    }
  },

  resolve: plan => ({
    workload: 'ping-pong',
    ...resolvePipeline(plan),
    ...resolveFlow(plan),
    ...resolveMessage(plan),
  }),

  validate(plan, problems) {
    validatePipeline(plan, problems)
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
