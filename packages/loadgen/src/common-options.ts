import { randomInt } from 'node:crypto'
import { parseCount, parseDuration, parseEndpoint, parsePorts, UsageError } from 'command-line'
import type { EngineName } from 'reactor'
import type { Options } from 'yargs'
import type { PlanBase, Target } from './plan.js'
import type { Problems } from './problems.js'
import { type Arguments, given, text } from './workload.js'

/** The options that every workload has; `connectRate` is this one's default. */
export const commonOptions = (connectRate: number): Readonly<Record<string, Options>> => ({
  'connect-rate': {
    type: 'string',
    default: `${connectRate}`,
    describe: 'Connections opened in a second; 0: all at once',
  },
  'connect-timeout': { type: 'string', default: '10s', describe: 'Time for a connection to be made' },
  'stall-timeout': {
    type: 'string',
    default: '30s',
    describe: 'Give up after so long without progress; 0: never',
  },
  seed: { type: 'string', describe: 'Repeats the run of that seed exactly' },
  engine: { type: 'string', default: 'auto', describe: 'auto, epoll, uring or node' },
  json: { type: 'string', describe: 'Write the report as JSON, to FILE or to stdout', requiresArg: false },
})

/** What the common options and the targets ask for. What cannot be read goes to `problems`. */
export function basePlanFrom(args: Arguments, problems: Problems): PlanBase {
  const read = <Value>(option: string, parse: (value: string) => Value) =>
    problems.read(`--${option}`, text(args, option), parse)
  return {
    targets: (args.targets as readonly string[]).flatMap(
      target => problems.read('<targets>', target, parseTargets) ?? []
    ),
    seed: read('seed', parseSeed) ?? randomInt(2 ** 32),
    ...given({
      engine: read('engine', parseEngine),
      connectRate: read('connect-rate', parseCount),
      connectTimeout: read('connect-timeout', parseDuration),
      stallTimeout: read('stall-timeout', parseDuration),
    }),
  }
}

/** Reads `8001`, `8001-8004,9000`, `host:8001-8004`, `[::1]:8001`. Throws a UsageError. */
export function parseTargets(target: string): Target[] {
  const [, host, ports] = target.match(/^(.*):([\d,-]+)$/) ?? []
  // One port, or nothing that could be a list of them: parseEndpoint has the better words for what is wrong.
  if (!/[,-]/.test(ports ?? target)) return [parseEndpoint(target)]
  return parsePorts(ports ?? target).map(port => parseEndpoint(host === undefined ? `${port}` : `${host}:${port}`))
}

function parseSeed(seed: string): number {
  const value = /^\d+$/.test(seed) ? Number(seed) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new UsageError(`'${seed}' is not a seed; expected a whole number below 2^53`)
  return value
}

function parseEngine(engine: string): EngineName | 'auto' {
  if (engine === 'auto' || engine === 'epoll' || engine === 'uring' || engine === 'node') return engine
  throw new UsageError(`'${engine}' is not an engine; expected auto, epoll, uring or node`)
}
