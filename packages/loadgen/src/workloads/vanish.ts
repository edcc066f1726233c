import { formatCount, parseCount } from 'command-line'
import type { PlanBase } from '../plan.js'
import { text, type Workload } from '../workload.js'

const ways = {
  rst: 'after sending, with RST',
  fin: 'in the middle of a message, with FIN, closing both ways',
  'rst-while-receiving': 'with RST, while the server is writing to them',
} as const

/** Clients that disappear. */
export interface VanishPlan extends PlanBase {
  readonly workload: 'vanish'
  readonly how: keyof typeof ways
  readonly clients: number
}

const isWay = (how: string): how is keyof typeof ways => Object.hasOwn(ways, how)

export const vanish: Workload<VanishPlan> = {
  name: 'vanish',
  summary: 'Connect, send, and disappear without a word',
  examples: [
    ['vanish 8001 --how rst-while-receiving --clients 100', 'reset 100 connections that are being written to'],
  ],
  connectRate: 200,
  options: {
    how: { type: 'string', default: 'rst', describe: `How they go: ${Object.keys(ways).join(', ')}` },
    clients: { type: 'string', default: '100', describe: 'Clients that vanish' },
  },

  planFrom: (args, base, problems) => ({
    ...base,
    workload: 'vanish',
    how: text(args, 'how') as VanishPlan['how'],
    clients: problems.read('--clients', text(args, 'clients'), parseCount) ?? 1,
  }),

  resolve: plan => ({
    workload: 'vanish',
    how: plan.how,
    clients: plan.clients,
  }),

  validate({ how, clients }, problems) {
    problems.expect(isWay(how), `--how ${how}: expected one of ${Object.keys(ways).join(', ')}`)
    problems.expect(clients >= 1, `--clients ${clients}: expected at least 1`)
  },

  connections: plan => plan.clients,

  done: ({ connections }) => (connections.completed + connections.failed) / connections.planned,

  describe: ({ how, clients }) => [`${formatCount(clients)} clients that vanish ${ways[how]}`],
}
