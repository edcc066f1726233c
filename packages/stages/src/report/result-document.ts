import type { RunSettings } from '../evidence-folder.js'
import { combineVerdicts, type TestResult, type Verdict } from '../verdict.js'
import { type Flakiness, findFlakiness } from './flakiness.js'

/** What `--json` writes; `result.schema.json` describes it. */
export interface ResultDocument extends RunSettings {
  readonly verdict: Verdict
  readonly tests: readonly TestResult[]
}

/** What `--json` writes with `--repeat`. */
export interface RepeatDocument extends RunSettings {
  readonly verdict: Verdict
  readonly flakiness: readonly Flakiness[]
  readonly runs: readonly ResultDocument[]
}

/** The results of a run as one document. */
export function resultDocument(run: RunSettings, tests: readonly TestResult[]): ResultDocument {
  return { ...headOf(run, combineVerdicts(tests.map(test => test.verdict))), tests: tests.map(testDocument) }
}

/** Several runs under one head, whose seed is that from which the others were derived. */
export function repeatDocument(run: RunSettings, runs: readonly ResultDocument[]): RepeatDocument {
  return {
    ...headOf(run, combineVerdicts(runs.map(({ verdict }) => verdict))),
    flakiness: findFlakiness(runs),
    runs,
  }
}

function headOf({ stage, target, seed, scale, ports }: RunSettings, verdict: Verdict) {
  return { stage, verdict, target, seed, scale, ports }
}

/** In the order in which a person reads it; without what the evidence folder added. */
function testDocument(result: TestResult): TestResult {
  const { id, verdict, reason, usualCause, asks, evidence, measured, limit, seconds } = result
  return { id, verdict, reason, usualCause, asks, evidence, measured, limit, seconds }
}
