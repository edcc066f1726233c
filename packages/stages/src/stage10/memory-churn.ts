import { connectCrowd } from '../crowd.js'
import { blameFailures } from '../load-blame.js'
import { growthAllowance, judgeLevels } from '../rules/memory-rule.js'
import type { TestContext } from '../stage-test.js'
import { Blame } from '../verdict.js'
import { kibibytes, mebibytes, sampleMemory } from './memory-sampling.js'

/** What each client says, in bytes. */
const messageSize = 1024

/** How long a client waits for the program to close after it, in milliseconds. */
const closeTime = 500

/** How long a program may take to free what its clients leave behind, in milliseconds. */
const restTime = 100

/** Clients of one wave: half of them leave properly, half by RST. */
const wave = 100

/** Waves of one round at most. */
const mostWaves = 20

/**
 * Lets clients come and go in rounds of some waves, all equal, and judges what is left of them. Who seems to keep
 * something of each is given as many rounds again: a heap comes to rest. Returns the memory after each round, in bytes.
 */
export async function judgeChurn(context: TestContext): Promise<number[]> {
  // Whether so many can come at once, and vanish, is the matter of other tests.
  context.judgeOnlyLimits()
  const { rounds, roundTime } = context.scale.memory
  const startedAt = performance.now()
  await comeAndGo(context)
  const waves = Math.min(mostWaves, Math.max(1, Math.floor(roundTime / (performance.now() - startedAt))))
  let levels = await measureRounds(context, rounds, waves)
  let judgement = judgeLevels(levels, context.resources)
  if (judgement.broken) {
    context.log(`memory grew by ${mebibytes(judgement.growth)} with clients that came and went: once more`)
    levels = await measureRounds(context, rounds, waves)
    judgement = judgeLevels(levels, context.resources)
  }
  context.measure({ growthByRoundsBytes: judgement.growth }, { growthByRoundsBytes: growthAllowance })
  context.addEvidence({ churn: { clientsPerRound: waves * wave, levels } })
  if (!judgement.broken) return levels
  const each = kibibytes(judgement.growth / (waves * wave * (rounds - 1)))
  const total = mebibytes(judgement.growth)
  throw new Blame('limit', `memory grew by ${each} for every client that came and went, by ${total} in all`)
}

async function measureRounds(context: TestContext, rounds: number, waves: number): Promise<number[]> {
  const levels: number[] = []
  for (let round = 0; round < rounds; round++) {
    for (let done = 0; done < waves; done++) await comeAndGo(context)
    await context.pause(restTime)
    levels.push(await sampleMemory(context))
  }
  return levels
}

async function comeAndGo(context: TestContext): Promise<void> {
  const { ports } = context.target
  const share = Math.ceil(wave / 2 / ports.length)
  context.happened(`${wave} clients came and went`)
  const crowds = await Promise.all(ports.map(port => connectCrowd(context, port, share)))
  await Promise.all(
    crowds.flat().map(async client => {
      await client.exchange(messageSize)
      await client.finish(closeTime)
    })
  )
  const run = await context.load(ports, { workload: 'vanish', how: 'rst', clients: wave / 2 })
  blameFailures(await run.report, connection => `client ${connection + 1} of those that vanish`)
}
