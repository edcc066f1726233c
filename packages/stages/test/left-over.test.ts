import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { claimLeftOvers } from '../src/left-over.js'
import type { TestResult, Verdict } from '../src/verdict.js'

const test = suite('left over')

function result(id: string, verdict: Verdict, leftToOtherTests?: string): TestResult {
  const evidence = leftToOtherTests === undefined ? {} : { leftToOtherTests }
  return { id, verdict, reason: '', asks: { input: '', expected: '' }, measured: {}, limit: {}, evidence, seconds: 1 }
}

const verdicts = (...results: TestResult[]) => claimLeftOvers(results).map(({ verdict }) => verdict)
const death = 'the program was killed by SIGSEGV'

test('what nobody else found fails where it was seen, with its reason', () => {
  const claimed = claimLeftOvers([result('memory', 'pass', death), result('errors', 'pass')])
  assert.equal(
    claimed.map(({ id, verdict, reason }) => [id, verdict, reason]),
    [
      ['memory', 'fail', death],
      ['errors', 'pass', ''],
    ]
  )
})

test('what another test found is its own', () => {
  assert.equal(verdicts(result('memory', 'pass', death), result('errors', 'fail')), ['pass', 'fail'])
})

test('where the test about it was not run, nothing is claimed', () => {
  assert.equal(verdicts(result('memory', 'pass', death)), ['pass'])
  assert.equal(verdicts(result('memory', 'unknown', death), result('errors', 'pass')), ['unknown', 'pass'])
})

test.run()
