import type { LoadRun } from 'loadgen'
import { bytes, count, seconds } from '../format.js'
import { blameFailures } from '../load-blame.js'
import {
  type GrowthJudgement,
  judgeGrowth,
  type MemoryPoint,
  stalledAllowance,
  systemShare,
} from '../rules/memory-rule.js'
import type { StageTest, TestContext } from '../stage-test.js'
import { Blame } from '../verdict.js'

const mebibyte = 1024 * 1024

/** How often memory is sampled while bytes flow, in milliseconds: several times in each part that the rule compares. */
const sampleEvery = 25

/** How often progress is told, in milliseconds. */
const tellEvery = 5_000

export const memory: StageTest = {
  id: 'memory',
  title: 'Memory while 4 GiB pass, and while a client does not read',
  asks: {
    input: 'Transfers a 4gb file over the network and tracks memory usage over time',
    expected: 'Memory usage should be less than 10%',
  },
  usualCauses: {
    limit:
      'reading goes on while what was read cannot be written: a buffer needs a bound, and its source must not be ' +
      'read while it is full; or something that is kept of everything that passes (a log, a list of messages)',
    stall: 'a buffer that was full once and from which the source is never read again',
    bytes: 'a buffer that was full and whose rest was dropped or overwritten',
  },

  async run(context) {
    context.measure(
      { memoryBytes: context.resources.memory.now },
      { memoryBytes: systemShare * context.resources.systemMemory }
    )
    let judgement = await stream(context)
    // A heap that is still being warmed up comes to rest; a leak goes on.
    if (judgement.broken) {
      context.log(`memory grew by ${perMebibyte(judgement)}: once more, to see whether it goes on`)
      judgement = await stream(context)
    }
    if (judgement.broken) {
      throw new Blame(
        'limit',
        `memory grew by ${perMebibyte(judgement)} (by ${mebibytes(judgement.growth)} in all, and it went on growing)`,
        { judgement }
      )
    }
    await stall(context)
  },
}

/** Moves bytes through one connection, every one verified, and judges how memory went along. */
async function stream(context: TestContext): Promise<GrowthJudgement> {
  const { size, longest, leastSize } = context.scale.memory
  const [port = 0] = context.target.ports
  const run = await context.load([port], { workload: 'stream', size, connections: 1 })
  context.happened('a client began to stream')
  const points: MemoryPoint[] = []
  let enough = false
  const startedAt = performance.now()
  await sampleUntilDone(context, run, (memory, { verified, elapsed }) => {
    points.push({ moved: verified, memory })
    if (!enough && elapsed > longest && verified >= leastSize) {
      enough = true
      void run.stop({ drain: true })
    }
    return `${mebibytes(verified)} of ${mebibytes(size)} came back and were verified, memory ${mebibytes(memory)}`
  })
  const report = await run.report
  blameFailures(report, () => 'the client that streams')
  const judgement = judgeGrowth(points)
  context.measure({
    verifiedBytes: report.verified,
    rateBytesPerSecond: report.verified / ((performance.now() - startedAt) / 1000),
    growthBytes: judgement.growth,
  })
  context.addEvidence({ stream: { ...judgement, points } })
  return judgement
}

/** Offers bytes without reading any, until the program no longer takes them, and a while longer. */
async function stall(context: TestContext): Promise<void> {
  const { size, held } = context.scale.memory
  const [port = 0] = context.target.ports
  const base = context.resources.memory.now
  const run = await context.load([port], { workload: 'stream', size, connections: 1, noRead: true, hold: true })
  context.happened('a client that does not read began to stream')
  let [taken, highest] = [0, 0]
  const points: MemoryPoint[] = []
  await sampleUntilDone(context, run, (memory, { sent, sinceProgress }) => {
    taken = sent
    highest = Math.max(highest, memory)
    points.push({ moved: sent, memory })
    if (memory - base > stalledAllowance) {
      throw new Blame(
        'limit',
        `memory grew by ${mebibytes(memory - base)} while a client that does not read sent ${mebibytes(sent)}, ` +
          `and nothing held it up`,
        { points }
      )
    }
    if (sinceProgress >= held || sent >= size) void run.stop()
    return `${mebibytes(sent)} taken from a client that does not read, memory ${mebibytes(memory)}`
  })
  context.measure(
    { takenWithoutReadingBytes: taken, growthForStalledBytes: highest - base },
    { growthForStalledBytes: stalledAllowance }
  )
  context.addEvidence({ stall: { base, taken, points } })
  blameFailures(await run.report, () => 'the client that does not read')
}

type Look = (
  memory: number,
  progress: { sent: number; verified: number; elapsed: number; sinceProgress: number }
) => string

/** Looks at every sample of memory while a run lasts, and judges its size. What `look` returns is told now and then. */
async function sampleUntilDone(context: TestContext, run: LoadRun, look: Look): Promise<void> {
  const { resources } = context
  const limit = systemShare * resources.systemMemory
  let done = false
  const ended = run.report.then(() => {
    done = true
  })
  for (let told = 0; !done; ) {
    await Promise.race([ended, context.pause(sampleEvery)])
    await resources.sampleNow()
    const progress = await Promise.race([run.progress(), run.report.then(() => run.progress())])
    const { now, peak } = resources.memory
    context.measure({ memoryBytes: now, memoryPeakBytes: peak }, { memoryPeakBytes: limit })
    if (now >= limit) {
      const share = ((100 * now) / resources.systemMemory).toFixed(1)
      throw new Blame(
        'limit',
        `used ${mebibytes(now)} of memory, ${share} % of the system's ${mebibytes(resources.systemMemory)}`
      )
    }
    const line = look(now, progress)
    if (progress.elapsed - told < tellEvery) continue
    told = progress.elapsed
    context.log(`${seconds(told)}: ${line}`)
  }
}

function mebibytes(value: number): string {
  return Math.abs(value) < mebibyte ? bytes(value) : `${count(value / mebibyte)} MiB`
}

function perMebibyte({ slope }: GrowthJudgement): string {
  return `${count(slope * 1024)} KiB for every MiB moved`
}
