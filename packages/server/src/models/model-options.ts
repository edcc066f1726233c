import { formatSize, UsageError } from 'command-line'
import type { Argv } from 'yargs'
import { countUpTo, sizeWithin } from '../options/within.js'
import type { ModelName, ModelSettings } from './model.js'

const modelNames: readonly ModelName[] = ['epoll', 'single', 'prefork', 'threaded', 'ring']

const mostLoops = 64
const mostWorkers = 4096
const mostConnections = 65_536
const longestQueue = 1_000_000
const mostSlots = 65_536

const largestRing = 1024 ** 3

const defaultWorkers = 5
const defaultQueue = 128
const defaultSlots = 64
const defaultSlotSize = 64 * 1024

/** How connections get the CPU. */
export function modelOptions<T>(command: Argv<T>) {
  return command
    .group(
      [
        'model',
        'loops',
        'workers',
        'max-workers',
        'min-spare',
        'connections-per-worker',
        'queue',
        'slots',
        'slot-size',
      ],
      'How connections get the CPU:'
    )
    .option('model', {
      describe:
        'epoll: all connections on an event loop; single: one at a time; prefork: one, or a few, in each process; ' +
        'threaded: one in each thread; ring: a thread reads, another answers',
      choices: modelNames,
      defaultDescription: 'epoll',
    })
    .option('loops', {
      describe: 'epoll: event loops that share the ports by SO_REUSEPORT',
      type: 'string',
      defaultDescription: '1',
      coerce: countUpTo(mostLoops, `1 to ${mostLoops}`),
    })
    .option('workers', {
      describe: 'prefork: processes at the start; threaded: threads',
      type: 'string',
      defaultDescription: `${defaultWorkers}`,
      coerce: countUpTo(mostWorkers, `1 to ${mostWorkers}`),
    })
    .option('max-workers', {
      describe: 'prefork: processes at the most, when many clients are there',
      type: 'string',
      defaultDescription: 'as many as --workers',
      coerce: countUpTo(mostWorkers, `1 to ${mostWorkers}`),
    })
    .option('min-spare', {
      describe: 'prefork: processes to keep idle for the next clients, while there are fewer than --max-workers',
      type: 'string',
      defaultDescription: '1',
      coerce: countUpTo(mostWorkers, `1 to ${mostWorkers}`),
    })
    .option('connections-per-worker', {
      describe: 'prefork: connections that a process serves at once; more than 1: on an event loop',
      type: 'string',
      defaultDescription: '1',
      coerce: countUpTo(mostConnections, `1 to ${mostConnections}`),
    })
    .option('queue', {
      describe: 'threaded: accepted connections that may wait for a thread; others wait in the backlog',
      type: 'string',
      defaultDescription: `${defaultQueue}`,
      coerce: countUpTo(longestQueue, `1 to ${longestQueue}`),
    })
    .option('slots', {
      describe: 'ring: reads that may wait for the thread that answers',
      type: 'string',
      defaultDescription: `${defaultSlots}`,
      coerce: countUpTo(mostSlots, `1 to ${mostSlots}`),
    })
    .option('slot-size', {
      describe: 'ring: bytes that one read takes at the most',
      type: 'string',
      defaultDescription: '64k',
      coerce: sizeWithin(1, 2 * 1024 ** 2, '1 byte to 2 MiB'),
    })
}

/** The values of these options as yargs gives them. */
export type ModelArguments = Awaited<ReturnType<typeof modelOptions<object>>['argv']>

/** What else of the command line concerns the models. */
interface OtherArguments {
  readonly engine?: string | undefined
  readonly maxConnections?: number | undefined
}

/** Which models each option is for; the others belong to all. */
const ownOptions: Readonly<Record<string, readonly ModelName[]>> = {
  engine: ['epoll'],
  maxConnections: ['epoll', 'ring'],
  loops: ['epoll'],
  workers: ['prefork', 'threaded'],
  maxWorkers: ['prefork'],
  minSpare: ['prefork'],
  connectionsPerWorker: ['prefork'],
  queue: ['threaded'],
  slots: ['ring'],
  slotSize: ['ring'],
}

/** The model that the command line asks for. Throws a UsageError for options of another model. */
export function resolveModel(options: Partial<ModelArguments> & OtherArguments): ModelSettings {
  const name = options.model ?? 'epoll'
  checkOwners(name, { ...options, engine: options.engine === 'auto' ? undefined : options.engine })
  switch (name) {
    case 'epoll':
      return { name, loops: options.loops ?? 1 }
    case 'single':
      return { name }
    case 'prefork':
      return { name, ...poolSize(options), connectionsPerWorker: options.connectionsPerWorker ?? 1 }
    case 'threaded':
      return { name, workers: options.workers ?? defaultWorkers, queue: options.queue ?? defaultQueue }
    case 'ring':
      return { name, ...ringSize(options) }
  }
}

function poolSize(options: Partial<ModelArguments>): { workers: number; maxWorkers: number; minSpare: number } {
  const { maxWorkers: most, minSpare = 1 } = options
  const workers = options.workers ?? Math.min(defaultWorkers, most ?? defaultWorkers)
  const maxWorkers = most ?? workers
  if (workers > maxWorkers) throw new UsageError(`--workers ${workers} is more than --max-workers ${maxWorkers}`)
  if (minSpare > maxWorkers) throw new UsageError(`--min-spare ${minSpare} is more than --max-workers ${maxWorkers}`)
  return { workers, maxWorkers, minSpare }
}

function ringSize(options: Partial<ModelArguments>): { slots: number; slotSize: number } {
  const { slots = defaultSlots, slotSize = defaultSlotSize } = options
  if (slots * slotSize <= largestRing) return { slots, slotSize }
  const size = `--slots ${slots} of --slot-size ${formatSize(slotSize)}`
  throw new UsageError(`${size} make a ring of ${formatSize(slots * slotSize)}; expected at most 1 GiB`)
}

function checkOwners(name: ModelName, options: Partial<ModelArguments> & OtherArguments): void {
  for (const [option, owners] of Object.entries(ownOptions)) {
    if (options[option as keyof typeof options] === undefined || owners.includes(name)) continue
    const dashed = option.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
    throw new UsageError(`--${dashed} is for --model ${owners.join(' or ')}, and the model is ${name}`)
  }
}
