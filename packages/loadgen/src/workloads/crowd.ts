import { formatCount, parseCount, UsageError } from 'command-line'
import { given, text, type Workload } from '../workload.js'
import {
  describeMessages,
  describeProtocol,
  type MessagePlan,
  messageOptions,
  messagePlanFrom,
  resolveMessage,
  validateMessage,
} from './message-options.js'
import { replyPattern } from './reply-pattern.js'

/** Clients that are all there at once: when every one of them is connected, each sends one message. */
export interface CrowdPlan extends MessagePlan {
  readonly workload: 'crowd'
  readonly clients: number
  /**
   * A regular expression that the whole reply, up to its newline or to FIN, has to match. Default: none, the reply has
   * to be the message itself.
   */
  readonly reply?: string
}

export const crowd: Workload<CrowdPlan> = {
  name: 'crowd',
  summary: 'Many clients connect at once, and each sends one message',
  examples: [
    ['crowd 8001 --clients 1000', '1,000 concurrent clients, and the proof'],
    ['crowd 31337 --protocol journal --clients 1000', 'each greeted, and its reply verified in full'],
    [String.raw`crowd 31337 --message 'arijort:hello\n' --reply '.*\d+'`, 'a server that does not echo'],
  ],
  connectRate: 0,
  options: {
    clients: { type: 'string', describe: 'Clients [default: 1000]' },
    reply: { type: 'string', describe: 'Regular expression for the reply, where it is no echo' },
    ...messageOptions,
  },

  planFrom: (args, base, problems) => ({
    ...base,
    workload: 'crowd',
    clients: problems.read('--clients', text(args, 'clients') ?? '1000', parseCount) ?? 1,
    ...given({ reply: text(args, 'reply') }),
    ...messagePlanFrom(args, problems),
  }),

  resolve: plan => ({
    workload: 'crowd',
    clients: plan.clients,
    reply: plan.reply ?? '',
    ...resolveMessage(plan),
  }),

  validate(plan, problems) {
    const { clients, reply, segment, protocol } = plan
    problems.expect(clients >= 1, `--clients ${clients}: expected at least 1`)
    problems.expect(segment.count === 1, 'a crowd cannot be proved in segments: its clients would not share an instant')
    problems.read('--reply', reply, parseReply)
    problems.expect(reply === '' || protocol === 'echo', '--reply and --protocol exclude each other')
    validateMessage(plan, problems)
  },

  connections: plan => plan.clients,
  messages: (_plan, connections) => connections,
  done: ({ connections }) => (connections.completed + connections.failed) / connections.planned,

  describe: plan => [
    `${formatCount(plan.clients)} clients at once, one message each: ${describeMessages(plan)}`,
    ...describeProtocol(plan),
    `concurrent means: at one instant all ${formatCount(plan.clients)} are established (their`,
    'handshakes complete), none answered, and none closed; then they send',
  ],
}

function parseReply(pattern: string): RegExp {
  try {
    return replyPattern(pattern)
  } catch (error) {
    throw new UsageError(`'${pattern}' is not a regular expression: ${(error as Error).message}`)
  }
}
