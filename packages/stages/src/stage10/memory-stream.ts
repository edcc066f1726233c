import type { Progress } from 'loadgen'
import { echoStream } from '../echo-protocol.js'
import { blameFailures } from '../load-blame.js'
import {
  enoughSamples,
  type Floor,
  floorOf,
  type GrowthJudgement,
  judgeGrowth,
  type MemoryPoint,
} from '../rules/memory-rule.js'
import type { TestContext } from '../stage-test.js'
import { Blame, Doubt } from '../verdict.js'
import { kibibytes, mebibytes, sampleDuring } from './memory-sampling.js'

/** What has to show whether memory goes on growing, in bytes. */
const sizeInDoubt = 4 * 1024 ** 3

/** The most, in bytes, where a busy machine, or a program of many processes, lets memory be seen seldom. */
const mostInDoubt = 8 * sizeInDoubt

/** A slow program is given so many times the usual time to move enough bytes. */
const latest = 5

/**
 * Moves bytes through one connection on each of the ports, every one verified, and judges how memory went along. Who
 * seems to grow is given as much again: a heap that is being warmed up comes to rest, a leak goes on. Returns what is left
 * when a collector has done its work.
 */
export async function judgeStream(context: TestContext, ports: readonly number[], size: number): Promise<Floor> {
  const { longest, leastShare } = context.scale.memory
  const isEnough = ({ elapsed, verified }: Progress) =>
    elapsed > longest * latest || (elapsed > longest && verified >= size * leastShare)
  const isEnoughInDoubt = ({ verified }: Progress, samples: number) =>
    verified >= sizeInDoubt && samples >= enoughSamples
  let judgement = await stream(context, ports, { size, most: size, isEnough })
  const isClear = judgement.lows.length > 0 && !judgement.suspicious
  if (isClear && !judgement.broken) return floorOf(judgement.lows)
  const why = judgement.lows.length > 0 ? `memory grew by ${describe(judgement)}` : 'memory was seen too seldom'
  context.log(`${why}: once more, to see whether it goes on`)
  judgement = await stream(context, ports, { size: sizeInDoubt, most: mostInDoubt, isEnough: isEnoughInDoubt })
  if (judgement.lows.length === 0) {
    throw new Doubt(`this machine is too busy: memory was seen too seldom while ${mebibytes(mostInDoubt)} passed`)
  }
  if (!judgement.broken) return floorOf(judgement.lows)
  const total = mebibytes(judgement.growth)
  throw new Blame('limit', `memory grew by ${describe(judgement)}, by ${total} in all, and went on growing`, {
    judgement,
  })
}

/** How much is streamed, in bytes. */
interface Amount {
  /** What is wanted. */
  readonly size: number
  /** What is sent, unless `isEnough` ends it before. */
  readonly most: number
  isEnough(progress: Progress, samples: number): boolean
}

async function stream(
  context: TestContext,
  ports: readonly number[],
  { size, most, isEnough }: Amount
): Promise<GrowthJudgement> {
  const startedAt = performance.now()
  const run = await context.load(ports, { ...echoStream, size: most, connections: ports.length })
  context.happened(`a client began to stream to port ${ports.join(', ')}`)
  const points: MemoryPoint[] = []
  let stopping = false
  await sampleDuring(context, run, (memory, progress) => {
    const { verified } = progress
    points.push({ moved: verified, memory })
    if (!stopping && isEnough(progress, points.length)) {
      stopping = true
      void run.stop({ drain: true })
    }
    const share = verified < size ? ` of ${mebibytes(size)}` : ''
    return `${mebibytes(verified)}${share} came back and were verified, memory ${mebibytes(memory)}`
  })
  const report = await run.report
  blameFailures(report, () => 'the client that streams')
  const judgement = judgeGrowth(points, context.resources)
  context.measure({
    verifiedBytes: (context.measured.verifiedBytes ?? 0) + report.verified,
    rateBytesPerSecond: Math.max(
      context.measured.rateBytesPerSecond ?? 0,
      report.verified / ((performance.now() - startedAt) / 1000)
    ),
    growthBytes: Math.max(context.measured.growthBytes ?? 0, judgement.growth),
  })
  context.addEvidence({ [`stream to ${ports.join(', ')}`]: { ...judgement, points } })
  return judgement
}

function describe({ slope }: GrowthJudgement): string {
  return `${kibibytes(slope * 1024 * 1024)} for every MiB moved`
}
