import { formatCount, parseCount, parseDuration, parseRange, parseSize } from 'command-line'
import type { RequestMix } from '../kv/request-choice.js'
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
import { describeMix, mixOptions, parseDistribution, parseRatio, validateMix } from './kv-options.js'
import {
  type PipelinePlan,
  pipelineOptions,
  pipelinePlanFrom,
  resolvePipeline,
  validatePipeline,
} from './pipeline-options.js'

/**
 * Gets and sets in memcached's text protocol, with every value that is read verified. The same seed uses the same keys
 * and lengths in the same order; the versions of values are times, and so differ from run to run.
 */
export interface KvPlan extends PipelinePlan, FlowPlan {
  readonly workload: 'kv'
  /** Default 9 gets to 1 set. */
  readonly ratio?: RequestMix['ratio']
  /** Keys of each target. Default 10,000. */
  readonly keys?: number
  /** Default uniform. */
  readonly distribution?: RequestMix['distribution']
  /** Length of a value in bytes: fixed, or different for each. Default 32. */
  readonly valueSize?: RequestMix['valueSize']
  /** Time after which a value expires, in milliseconds, whole seconds. Default 0: never. */
  readonly expiry?: number
  /** Does not set every key before the traffic begins. Default false. */
  readonly noPreload?: boolean
  /** A get that finds nothing is a failure. Default false: a store may evict. */
  readonly expectHits?: boolean
}

/** Bytes. */
const shortValue = 4096

/** A longer time is a date for memcached (its protocol.txt, "Expiration times"). */
const longestExpiry = 30 * 24 * 3600 * 1000

export const kv: Workload<KvPlan> = {
  name: 'kv',
  summary: "Gets and sets in memcached's text protocol, every value verified",
  examples: [
    ['kv 11211 --duration 30s', '9 gets to 1 set of 10,000 keys, which are set first'],
    ['kv 11211 --ratio 1:1 --distribution zipf:0.99 --keys 1m', 'some keys are hot'],
    ['kv 11211 --value-size 1..4096 --pipeline 8 --expect-hits', 'a miss is a failure'],
    ["kv 11211 --rate 50k --threshold 'get.p99<2ms'", 'open loop, gets judged apart'],
    ['kv 11211 --seed 7 --ratio 1:0 --no-preload --expect-hits', 'is it still there? (set with seed 7)'],
  ],
  connectRate: 5_000,

  // As for ping-pong: one call for a whole batch of messages.
  preferredEngine: plan => (!isPaced(plan) && plan.valueSize.maximum <= shortValue ? 'uring' : 'auto'),

  options: {
    ...pipelineOptions('Requests'),
    ...mixOptions,
    expiry: { type: 'string', describe: 'Values expire after so long, in seconds: 10s' },
    'no-preload': { type: 'boolean', describe: 'Do not set every key before the traffic' },
    'expect-hits': { type: 'boolean', describe: 'A get that finds nothing is a failure' },
    ...flowOptions,
  },

  planFrom(args, base, problems) {
    const read = <Value>(option: string, parse: (value: string) => Value) =>
      problems.read(`--${option}`, text(args, option), parse)
    return {
      ...base,
      workload: 'kv',
      noPreload: args['no-preload'] === true,
      expectHits: args['expect-hits'] === true,
      ...pipelinePlanFrom(args, problems),
      ...given({
        ratio: read('ratio', parseRatio),
        keys: read('keys', parseCount),
        distribution: read('distribution', parseDistribution),
        valueSize: read('value-size', value => parseRange(value, parseSize)),
        expiry: read('expiry', parseDuration),
      }),
      ...flowPlanFrom(args, problems),
    }
  },

  resolve: plan => ({
    workload: 'kv',
    ...resolvePipeline(plan),
    ratio: plan.ratio ?? { gets: 9, sets: 1 },
    keys: plan.keys ?? 10_000,
    distribution: plan.distribution ?? { shape: 'uniform', exponent: 0 },
    valueSize: plan.valueSize ?? { minimum: 32, maximum: 32 },
    expiry: plan.expiry ?? 0,
    noPreload: plan.noPreload ?? false,
    expectHits: plan.expectHits ?? false,
    ...resolveFlow(plan),
  }),

  validate(plan, problems) {
    const { targets, expiry, expectHits, noPreload, threads, segment } = plan
    validatePipeline(plan, problems)
    validateMix(plan, targets.length, threads * segment.count, problems)
    problems.expect(
      expiry % 1000 === 0 && expiry <= longestExpiry,
      `--expiry ${expiry}: expected whole seconds, at most 30 days`
    )
    problems.expect(expiry === 0 || !expectHits, '--expiry and --expect-hits exclude each other')
    problems.expect(
      segment.count === 1 || noPreload || !expectHits,
      '--expect-hits: segments do not wait for each other to set the keys; set them in a run before, then use --no-preload'
    )
    validateFlow(plan, problems)
  },

  connections: plan => plan.connections,
  messages: plannedMessages,
  done: flowDone,

  describe(plan) {
    const { connections, pipeline, noPreload, expectHits, expiry } = plan
    const depth = pipeline === 1 ? '' : `, up to ${formatCount(pipeline)} requests on their way on each`
    const before = noPreload ? 'no key is set before the traffic' : 'every key is set before the traffic'
    return [
      `${formatCount(connections)} connections${depth}`,
      describeMix(plan, expiry),
      `${before}${expectHits ? ', and a miss is a failure' : ''}`,
      ...describeFlow(plan, 'requests'),
    ]
  },
}
