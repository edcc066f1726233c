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

/**
 * Lets clients come and go in rounds, half of them properly and half by RST, and judges what is left of them. Returns the
 * memory after each round, in bytes.
 */
export async function judgeChurn(context: TestContext): Promise<number[]> {
  const { rounds, clients } = context.scale.memory
  // Whether so many can come at once, and vanish, is the matter of other tests.
  context.judgeOnlyLimits()
  const half = Math.ceil(clients / 2)
  const levels: number[] = []
  for (let round = 0; round < rounds; round++) {
    await comeAndGo(context, half)
    const run = await context.load(context.target.ports, {
      workload: 'vanish',
      how: 'rst',
      clients: half,
    })
    blameFailures(await run.report, connection => `client ${connection + 1} of those that vanish`)
    await context.pause(restTime)
    levels.push(await sampleMemory(context))
  }
  const { growth, broken } = judgeLevels(levels, context.resources)
  context.measure({ growthByRoundsBytes: growth }, { growthByRoundsBytes: growthAllowance })
  context.addEvidence({ churn: { clientsPerRound: 2 * half, levels } })
  if (!broken) return levels
  const each = kibibytes(growth / (2 * half * (rounds - 1)))
  throw new Blame('limit', `memory grew by ${each} for every client that came and went, by ${mebibytes(growth)} in all`)
}

async function comeAndGo(context: TestContext, count: number): Promise<void> {
  const { ports } = context.target
  context.happened(`${count} clients came and went`)
  const share = Math.ceil(count / ports.length)
  const crowds = await Promise.all(ports.map(port => connectCrowd(context, port, share)))
  await Promise.all(
    crowds.flat().map(async client => {
      await client.exchange(messageSize)
      await client.finish(closeTime)
    })
  )
}
