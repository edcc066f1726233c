import { prepareFixtures } from './fixture-commands.js'
import type { Fixture } from './fixtures-table.js'
import { inParallel } from './in-parallel.js'
import { type JudgedFixture, type JudgeFixtureOptions, judgeFixture } from './judge-fixture.js'

export interface JudgeFixturesOptions extends JudgeFixtureOptions {
  /** How often each fixture is judged. */
  readonly repeat: number
  /** How many are judged at the same time. */
  readonly jobs: number
  onSkipped(fixture: Fixture, tool: string): void
  onJudged(judged: JudgedFixture): void
}

/** Judges fixtures. Returns what came of each, and how many could not be tried here. */
export async function judgeFixtures(
  fixtures: readonly Fixture[],
  options: JudgeFixturesOptions
): Promise<{ judged: JudgedFixture[]; skipped: number }> {
  const { commands, missing } = await prepareFixtures(fixtures)
  for (const [fixture, tool] of missing) options.onSkipped(fixture, tool)
  const judged: JudgedFixture[] = []
  const rounds = Array.from({ length: options.repeat }, () => [...commands]).flat()
  await inParallel(rounds, options.jobs, async ([fixture, command]) => {
    const one = await judgeFixture(fixture, command, options)
    judged.push(one)
    options.onJudged(one)
  })
  return { judged, skipped: missing.size }
}
