import type { ResultDocument } from '../../src/report/result-document.js'
import type { TestResult, Verdict } from '../../src/verdict.js'
import type { Fixture } from './fixtures-table.js'

export type Outcome = 'right' | 'wrong' | 'unknown'

/** Whether a verdict is the one that the fixture deserves. */
export interface Comparison {
  readonly outcome: Outcome
  readonly verdict: Verdict
  /** The tests that failed, or when there are none those that are unknown. */
  readonly blamed: readonly string[]
  /** Of the first one blamed, by preference one that the table blames. */
  readonly reason: string
  /** What is wrong with the verdict; empty when nothing is. */
  readonly complaint: string
}

const firstPort = 8001

/** Compares what the judge said with what the table says. */
export function compareVerdict(fixture: Fixture, document: ResultDocument): Comparison {
  const { verdict, ports } = document
  const tests = document.tests.map(test => ({ ...test, reason: withUsualPorts(test.reason, ports) }))
  const failed = tests.filter(test => test.verdict === 'fail')
  const blamed = failed.length > 0 ? failed : tests.filter(test => test.verdict === 'unknown')
  const first = blamed.find(({ id }) => fixture.blame.includes(id)) ?? blamed[0]
  const complaint = complainOf(fixture, verdict, failed)
  const outcome = complaint === '' ? 'right' : verdict === 'unknown' ? 'unknown' : 'wrong'
  return { outcome, verdict, blamed: blamed.map(({ id }) => id), reason: first?.reason ?? '', complaint }
}

function complainOf(fixture: Fixture, verdict: Verdict, failed: readonly TestResult[]): string {
  const expected = fixture.kind === 'correct' ? 'pass' : 'fail'
  if (verdict !== expected)
    return `expected ${expected}${expected === 'fail' ? ` of ${fixture.blame.join(' or ')}` : ''}`
  if (expected === 'pass') return ''
  const rightly = failed.filter(({ id }) => fixture.blame.includes(id))
  if (rightly.length === 0) return `expected a failure of ${fixture.blame.join(' or ')}`
  const pattern = new RegExp(fixture.reason, 's')
  if (!rightly.some(({ reason }) => pattern.test(reason))) return `expected a reason like /${fixture.reason}/`
  const allowed = [...fixture.blame, ...fixture.mayAlsoFail]
  const beside = failed.find(({ id }) => !allowed.includes(id))
  return beside ? `expected no failure of ${beside.id}: ${beside.reason}` : ''
}

/** The reasons in the table are about ports 8001 to 8004. */
function withUsualPorts(reason: string, ports: readonly number[]): string {
  return reason.replaceAll(/\d+/g, number => {
    const index = ports.indexOf(Number(number))
    return index === -1 ? number : String(firstPort + index)
  })
}
