import { formatCount, formatExactSize, parseCount, parseRange, parseSize } from 'command-line'
import { parseRate } from '../pacing/rate.js'
import type { Rate } from '../pacing/schedule.js'
import { charsetNames, parseCharset } from '../payload/charset.js'
import type { PlanBase } from '../plan.js'
import { given, text, type Workload } from '../workload.js'
import { validatePace } from './flow-options.js'

/** Clients that each send a random string, wait until it has come back whole, verify it, and send the next. */
export interface StringsPlan extends PlanBase {
  readonly workload: 'strings'
  readonly clients: number
  /** Strings that each client sends. */
  readonly messages: number
  /** Length in bytes. */
  readonly size: { readonly minimum: number; readonly maximum: number }
  /** See `parseCharset`. Default `all`. */
  readonly charset?: string
  /** Open loop: strings are due by a schedule of so many in a second. Default 0: each follows the echo of the last. */
  readonly rate?: Rate
  /** Default `constant`. */
  readonly arrivals?: 'constant' | 'poisson'
}

export const strings: Workload<StringsPlan> = {
  name: 'strings',
  summary: 'Send random strings from many clients, each verifying its own echo',
  examples: [
    ['strings 8001 --clients 100 --messages 1000', '100 clients at once'],
    ['strings 8001 --size 1..1m --charset printable', 'readable strings of up to 1 MiB'],
  ],
  connectRate: 0,
  options: {
    clients: { type: 'string', default: '100', describe: 'Clients at the same time' },
    messages: { type: 'string', default: '1000', describe: 'Strings that each client sends' },
    size: { type: 'string', default: '1..65536', describe: 'Length of a string, or its range' },
    charset: { type: 'string', default: 'all', describe: `${charsetNames.join(', ')}, or characters: a-zA-Z_` },
    rate: { type: 'string', describe: 'Open loop: so many strings in a second' },
    arrivals: { type: 'string', describe: 'When they are due: constant (default) or poisson' },
  },

  planFrom: (args, base, problems) => ({
    ...base,
    workload: 'strings',
    clients: problems.read('--clients', text(args, 'clients'), parseCount) ?? 1,
    messages: problems.read('--messages', text(args, 'messages'), parseCount) ?? 1,
    size: problems.read('--size', text(args, 'size'), value => parseRange(value, parseSize)) ?? {
      minimum: 1,
      maximum: 1,
    },
    ...given({
      charset: text(args, 'charset'),
      rate: problems.read('--rate', text(args, 'rate'), parseRate),
      arrivals: text(args, 'arrivals') as StringsPlan['arrivals'],
    }),
  }),

  resolve: plan => ({
    workload: 'strings',
    clients: plan.clients,
    messages: plan.messages,
    size: plan.size,
    charset: plan.charset ?? 'all',
    rate: plan.rate ?? { from: 0, to: 0 },
    arrivals: plan.arrivals ?? 'constant',
  }),

  validate(plan, problems) {
    const { clients, messages, size, charset, rate } = plan
    validatePace(plan, problems)
    problems.expect(rate.from === rate.to, '--rate: the strings have no duration to change it in; ping-pong has')
    problems.expect(clients >= 1, `--clients ${clients}: expected at least 1`)
    problems.expect(messages >= 1, `--messages ${messages}: expected at least 1`)
    problems.expect(size.minimum >= 1, `--size ${size.minimum}: a string has at least 1 byte`)
    problems.expect(size.minimum <= size.maximum, `--size ${size.minimum}..${size.maximum}: the range runs backwards`)
    problems.read('--charset', charset, parseCharset)
  },

  connections: plan => plan.clients,

  messages: (plan, connections) => connections * plan.messages,

  done: ({ messages = 0, connections }, plan) => messages / (connections.planned * plan.messages),

  describe: ({ clients, messages, size, charset, rate }) => [
    `${formatCount(clients)} clients, ${formatCount(messages)} strings each, ${formatCount(clients * messages)} in all`,
    size.minimum === size.maximum
      ? `of ${formatExactSize(size.minimum)}`
      : `of ${formatExactSize(size.minimum)} to ${formatExactSize(size.maximum)}`,
    charset === 'all' ? 'of all byte values' : `of the bytes ${charset}`,
    ...(rate.from === 0 ? [] : [`open loop: ${formatCount(rate.from)} a second`]),
  ],
}
