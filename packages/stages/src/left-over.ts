import type { TestResult } from './verdict.js'

/** Under this name a test's evidence has what it saw and left to the test that is about it. */
export const leftOver = 'leftToOtherTests'

/** The test that is about programs which do not stand what clients do. */
const responsible = 'errors'

/**
 * What tests left to others counts after all where those were run and nobody blamed the program for anything: a program
 * that dies has not passed.
 */
export function claimLeftOvers(results: readonly TestResult[]): TestResult[] {
  const isClaimed = results.some(({ verdict }) => verdict === 'fail') || !results.some(({ id }) => id === responsible)
  return results.map(result => {
    const reason = result.evidence[leftOver]
    if (isClaimed || typeof reason !== 'string' || result.verdict !== 'pass') return result
    return { ...result, verdict: 'fail', reason }
  })
}
