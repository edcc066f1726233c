import Table from 'cli-table3'
import { count, plural } from '../format.js'
import type { TestResult, Verdict } from '../verdict.js'
import { indent } from './lines.js'
import { verdictColours } from './verdict-colours.js'

/** One way in which a test did not pass. Reasons that differ in nothing but their numbers are one. */
interface FlakyReason {
  readonly verdict: Verdict
  /** As the first run had it. */
  readonly reason: string
  readonly times: number
  /** Of the runs; any of them repeats it, as far as a seed can. */
  readonly seeds: readonly number[]
}

/** How often a test had which verdict in several runs. */
export interface Flakiness {
  readonly id: string
  readonly pass: number
  readonly fail: number
  readonly unknown: number
  readonly reasons: readonly FlakyReason[]
}

interface Run {
  readonly seed: number
  readonly tests: readonly TestResult[]
}

/** Counts verdicts and distinct reasons of each test over several runs. */
export function findFlakiness(runs: readonly Run[]): Flakiness[] {
  const ids = [...new Set(runs.flatMap(({ tests }) => tests.map(({ id }) => id)))]
  return ids.map(id => {
    const results = runs.flatMap(({ seed, tests }) =>
      tests.filter(result => result.id === id).map(result => ({ seed, ...result }))
    )
    const times = (verdict: Verdict) => results.filter(result => result.verdict === verdict).length
    return { id, pass: times('pass'), fail: times('fail'), unknown: times('unknown'), reasons: distinct(results) }
  })
}

function distinct(results: readonly { seed: number; verdict: Verdict; reason: string }[]): FlakyReason[] {
  const reasons = new Map<string, FlakyReason>()
  for (const { seed, verdict, reason } of results) {
    if (verdict === 'pass') continue
    const key = `${verdict} ${reason.replace(/\d[\d.,]*|0x[\da-f]+/g, '#')}`
    const { times, seeds, ...first } = reasons.get(key) ?? { verdict, reason, times: 0, seeds: [] }
    reasons.set(key, { ...first, times: times + 1, seeds: [...seeds, seed] })
  }
  return [...reasons.values()].sort((a, b) => b.times - a.times)
}

/** The table of all tests, and below it the distinct reasons for which a test did not pass. */
export function describeFlakiness(flakiness: readonly Flakiness[]): string[] {
  const table = new Table({
    head: ['test', 'pass', 'fail', 'unknown', ''],
    colAligns: ['left', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  })
  for (const { id, pass, fail, unknown } of flakiness) {
    const steady = [pass, fail, unknown].filter(times => times > 0).length === 1
    table.push([id, count(pass), count(fail), count(unknown), steady ? '' : verdictColours.unknown('flaky')])
  }
  const reasons = flakiness.flatMap(({ id, reasons }) =>
    reasons.flatMap(({ verdict, reason, times, seeds }) => [
      ...indent(0, `${verdictColours[verdict](verdict)} ${id}, ${plural(times, 'time')}: ${reason}`),
      ...indent(2, `${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`),
    ])
  )
  return [table.toString(), ...reasons]
}
