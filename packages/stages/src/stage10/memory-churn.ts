import { connectCrowd } from '../crowd.js'
import { seconds } from '../format.js'
import { type Floor, growthAllowance, judgeLevels, wasFreed } from '../rules/memory-rule.js'
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

/** How long the program is watched without clients, in milliseconds. */
const longestIdle = 5_000

/** Of what rounds with clients cost, the part that as much time without them must cost for it to be time that costs it. */
const timeShare = 0.5

/**
 * Lets clients come and go in rounds of some waves, all equal, and judges what is left of them. Who seems to keep
 * something of each is given time to collect garbage: `stream` moves many bytes and returns the floor meanwhile, which was
 * `floor` before the clients came. Only who has not freed it then, and goes on in as many rounds more, is blamed.
 * Returns the memory after each round, in bytes.
 */
export async function judgeChurn(context: TestContext, floor: Floor, stream: () => Promise<Floor>): Promise<number[]> {
  // Whether so many can come at once, and vanish, is the matter of other tests.
  context.judgeOnlyLimits()
  const { rounds, roundTime } = context.scale.memory
  const startedAt = performance.now()
  await comeAndGo(context)
  const waves = Math.min(mostWaves, Math.max(1, Math.floor(roundTime / (performance.now() - startedAt))))
  const first = await judgeRounds(context, rounds, waves)
  if (!first.broken) return first.levels
  context.log(`memory grew by ${mebibytes(first.growth)} with clients that came and went: does it stay, and go on?`)
  await judgeTime(context, first)
  if (wasFreed(first.levels, floor, await stream())) return first.levels
  const { broken, growth, levels } = await judgeRounds(context, rounds, waves)
  if (!broken) return levels
  const each = kibibytes(growth / (waves * wave * (rounds - 1)))
  throw new Blame(
    'limit',
    `memory grew by ${each} for every client that came and went, by ${mebibytes(first.growth + growth)} in all`
  )
}

async function judgeRounds(context: TestContext, rounds: number, waves: number) {
  const startedAt = performance.now()
  const levels = await measureRounds(context, rounds, waves)
  const time = performance.now() - startedAt
  const judgement = judgeLevels(levels, context.resources)
  context.measure({ growthByRoundsBytes: judgement.growth }, { growthByRoundsBytes: growthAllowance })
  context.addEvidence({ churn: { clientsPerRound: waves * wave, levels } })
  return { ...judgement, levels, time }
}

/** What grows as much without any clients grows with time. */
async function judgeTime(context: TestContext, rounds: { growth: number; time: number }): Promise<void> {
  const before = await sampleMemory(context)
  const time = Math.min(longestIdle, rounds.time)
  await context.pause(time)
  const growth = (await sampleMemory(context)) - before
  if (growth < timeShare * rounds.growth * (time / rounds.time)) return
  throw new Blame('limit', `memory grew by ${mebibytes(growth)} in ${seconds(time)}, while no client did anything`)
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
  await context.protocol.vanish(context, ports, 'rst', wave / 2, client => `client ${client + 1} of those that vanish`)
}
