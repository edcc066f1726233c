import { randomInt } from 'node:crypto'
import { isIP } from 'node:net'
import { parseCount, parseDuration, parseEndpoint, parsePorts, UsageError } from 'command-line'
import type { EngineName } from 'reactor'
import type { Options } from 'yargs'
import type { PlanBase, Segment, Target } from './plan.js'
import type { Problems } from './problems.js'
import { type Arguments, given, text } from './workload.js'

/** How every workload connects; `connectRate` is this one's default. */
export const connectionOptions = (connectRate: number): Readonly<Record<string, Options>> => ({
  'connect-rate': {
    type: 'string',
    describe: `Opened in a second; 0: all at once [default: ${connectRate}]`,
  },
  'connect-timeout': { type: 'string', describe: 'Time for one to be made [default: 10s]' },
  'stall-timeout': { type: 'string', describe: 'Patience without progress; 0: for ever [default: 30s]' },
  'source-ip': { type: 'string', describe: 'Local addresses to connect from, in turn: A,B,…' },
  nodelay: { type: 'string', describe: 'TCP_NODELAY: on or off [default: on]' },
})

/** How every workload is run. */
export const runOptions: Readonly<Record<string, Options>> = {
  warmup: { type: 'string', describe: 'Load before the measured time begins [default: 0]' },
  interval: { type: 'string', describe: "Length of the report's intervals [default: 1s]" },
  threads: { type: 'string', describe: 'Load threads, which share the work [default: 1]' },
  engine: { type: 'string', describe: 'auto, epoll, uring or node [default: auto]' },
  seed: { type: 'string', describe: 'Repeats the run of that seed exactly' },
  monitor: { type: 'string', describe: 'Sample the server: its PID, or auto for the listener' },
  'wrong-bytes-end': { type: 'string', describe: 'Wrong bytes end the run (default) or the connection' },
  segment: { type: 'string', describe: 'Run one exact share of the plan: 2/4' },
  'start-at': { type: 'string', describe: 'Start then: 2030-01-31T12:00:00Z, or ms since 1970' },
}

/** What the common options and the targets ask for. What cannot be read goes to `problems`. */
export function basePlanFrom(args: Arguments, problems: Problems): PlanBase {
  const read = <Value>(option: string, parse: (value: string) => Value) =>
    problems.read(`--${option}`, text(args, option), parse)
  const segment = read('segment', parseSegment)
  problems.expect(
    segment === undefined || segment.count === 1 || args.seed !== undefined,
    `--segment ${segment?.index}/${segment?.count} needs --seed, the same one for all shares of the plan`
  )
  return {
    targets: (args.targets as readonly string[]).flatMap(
      target => problems.read('<targets>', target, parseTargets) ?? []
    ),
    seed: read('seed', parseSeed) ?? randomInt(2 ** 32),
    ...given({
      engine: read('engine', oneOf(['auto', 'epoll', 'uring', 'node'] as (EngineName | 'auto')[], 'an engine')),
      connectRate: read('connect-rate', parseCount),
      connectTimeout: read('connect-timeout', parseDuration),
      stallTimeout: read('stall-timeout', parseDuration),
      sourceAddresses: read('source-ip', parseAddresses),
      noDelay: read('nodelay', oneOf(['on', 'off'], 'a switch')) === 'off' ? false : undefined,
      warmup: read('warmup', parseDuration),
      interval: read('interval', parseDuration),
      threads: read('threads', parseCount),
      monitor: read('monitor', value => (value === 'auto' ? value : parsePid(value))),
      wrongBytesEnd: read('wrong-bytes-end', oneOf(['run', 'connection'] as const, 'what they may end')),
      segment,
      startAt: read('start-at', parseMoment),
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

/** Reads `2/4`: the second of four. Throws a UsageError. */
function parseSegment(segment: string): Segment {
  const [index = 0, count = 0] = (segment.match(/^(\d{1,6})\/(\d{1,6})$/) ?? []).slice(1).map(Number)
  if (index >= 1 && index <= count) return { index, count }
  throw new UsageError(`'${segment}' is not a segment; expected one such as 2/4, the second of four`)
}

function parseSeed(seed: string): number {
  const value = /^\d+$/.test(seed) ? Number(seed) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new UsageError(`'${seed}' is not a seed; expected a whole number below 2^53`)
  return value
}

function parsePid(pid: string): number {
  if (/^[1-9]\d{0,8}$/.test(pid)) return Number(pid)
  throw new UsageError(`'${pid}' is not a process; expected a PID, or auto`)
}

function parseAddresses(list: string): string[] {
  const addresses = list.split(',')
  const wrong = addresses.find(address => isIP(address) === 0)
  if (wrong === undefined) return addresses
  throw new UsageError(`'${wrong}' is not an IP address; expected some such as 127.0.0.2,127.0.0.3`)
}

function parseMoment(moment: string): number {
  const at = /^\d{10,15}$/.test(moment) ? Number(moment) : Date.parse(moment)
  if (at < Date.now()) throw new UsageError(`'${moment}' is over; expected a moment to come`)
  if (Number.isSafeInteger(at)) return at
  throw new UsageError(
    `'${moment}' is not a moment; expected one such as 2030-01-31T12:00:00Z, or milliseconds since 1970`
  )
}

/** Reads one of some words. The reader throws a UsageError. */
function oneOf<Word extends string>(words: readonly Word[], what: string): (text: string) => Word {
  return text => {
    const word = words.find(word => word === text)
    if (word !== undefined) return word
    throw new UsageError(`'${text}' is not ${what}; expected ${words.slice(0, -1).join(', ')} or ${words.at(-1)}`)
  }
}
