import Table from 'cli-table3'
import { colours } from 'command-line'
import type { Fixture } from './fixtures-table.js'
import type { JudgedFixture } from './judge-fixture.js'

const outcomeColours = { right: colours.green, wrong: colours.red, unknown: colours.yellow } as const

/** How many verdicts were right, wrong, or none; and how many fixtures could not be tried. */
export interface Counts {
  readonly right: number
  readonly wrong: number
  readonly unknown: number
  readonly skipped: number
}

export function countOutcomes(judged: readonly JudgedFixture[], skipped: number): Counts {
  const count = (outcome: string) => judged.filter(one => one.outcome === outcome).length
  return { right: count('right'), wrong: count('wrong'), unknown: count('unknown'), skipped }
}

/** One line, as soon as a fixture is judged. */
export function describeJudged({
  fixture,
  outcome,
  verdict,
  blamed,
  reason,
  seconds,
  complaint,
}: JudgedFixture): string {
  const said = [verdict, blamed.join(',')].filter(text => text !== '').join(' ')
  const why = [reason, complaint].filter(text => text !== '').join(' | ')
  return `${outcomeColours[outcome](outcome.padEnd(7))} ${fixture.file}: ${said} in ${seconds.toFixed(1)} s${why && `: ${why}`}`
}

export function describeSkipped(fixture: Fixture, tool: string): string {
  return `${colours.dim('skipped')} ${fixture.file}: there is no ${tool} here`
}

/** The verdicts that were not right, and the closing line. */
export function describeOutcomes(judged: readonly JudgedFixture[], counts: Counts): string[] {
  const bad = judged.filter(({ outcome }) => outcome !== 'right')
  const closing = Object.entries(counts).map(([name, count]) => `${count} ${name}`)
  if (bad.length === 0) return [closing.join(', ')]
  const table = new Table({
    head: ['fixture', 'seed', 'expected', 'actual'],
    colWidths: [36, 12, 40, 70],
    wordWrap: true,
    style: { head: [], border: [] },
  })
  for (const { fixture, seed, complaint, verdict, blamed, reason } of bad) {
    table.push([fixture.file, seed ?? '', complaint, `${verdict} ${blamed.join(',')}: ${reason}`])
  }
  return [table.toString(), closing.join(', ')]
}
