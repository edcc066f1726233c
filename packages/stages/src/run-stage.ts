import { judge } from './judge.js'
import { claimLeftOvers } from './left-over.js'
import { describeResult, describeRunBriefly } from './report/report.js'
import { type ResultDocument, resultDocument } from './report/result-document.js'
import { type Settings, settingsOfRun } from './settings.js'
import type { StageTest } from './stage-test.js'
import { start } from './start-test.js'
import type { TestResult } from './verdict.js'

/**
 * Judges one test after another and returns all results, the one of `start` first. Every test has the program started
 * anew, so that what one test did to it is not blamed in the next. When it does not even start, the others are unknown.
 */
export async function runStage(
  tests: readonly StageTest[],
  settings: Settings,
  say: (line: string) => void
): Promise<TestResult[]> {
  settings.evidence.begin(settings.run)
  const results: TestResult[] = []
  for (const test of [start, ...tests]) {
    const [first] = results
    if (first && first.verdict !== 'pass') {
      results.push(notTried(test, first))
    } else {
      say(`${test.id}: ${test.title}`)
      results.push(await judge(test, { ...settings, log: line => say(`  ${line}`) }))
      for (const line of describeResult(results.at(-1) as TestResult)) say(line)
    }
    settings.evidence.record(results.at(-1) as TestResult, settings.run)
  }
  const final = claimLeftOvers(results)
  for (const [index, result] of final.entries()) {
    if (result !== results[index]) settings.evidence.record(result, settings.run)
  }
  return final
}

/** Judges a program several times, each time with a seed derived from the settings', and tells how each run went. */
export async function repeatStage(
  tests: readonly StageTest[],
  settings: Settings,
  times: number,
  say: (line: string) => void
): Promise<ResultDocument[]> {
  settings.evidence.begin(settings.run)
  const runs: ResultDocument[] = []
  for (let index = 0; index < times; index++) {
    const run = settingsOfRun(settings, index)
    const results = await runStage(tests, run, () => {})
    const [verdict, ...problems] = describeRunBriefly(results)
    say(`run ${index + 1} of ${times}, seed ${run.seed}: ${verdict}`)
    for (const line of problems) say(line)
    runs.push(resultDocument(run.run, results))
  }
  return runs
}

/** The result of a test of a program that did not start. */
export function notTried({ id, asks }: StageTest, start: TestResult): TestResult {
  const reason = `not tried, since the program did not start: ${start.reason}`
  return { id, verdict: 'unknown', reason, asks, measured: {}, limit: {}, evidence: { tried: false }, seconds: 0 }
}
