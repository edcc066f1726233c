import type { Settings } from '../settings.js'
import { combineVerdicts, type TestResult, type Verdict } from '../verdict.js'

/** What `--json` writes. */
export interface ResultDocument {
  readonly stage: number
  readonly verdict: Verdict
  /** The command line. */
  readonly target: string
  readonly seed: number
  readonly scale: 'full' | 'quick'
  readonly ports: readonly number[]
  readonly tests: readonly TestResult[]
}

/** The results of a run as one document. */
export function resultDocument({ stage, target, seed, scale }: Settings, tests: readonly TestResult[]): ResultDocument {
  return {
    stage: stage.number,
    verdict: combineVerdicts(tests.map(test => test.verdict)),
    target: target.command,
    seed,
    scale: scale.name,
    ports: target.ports,
    tests,
  }
}
