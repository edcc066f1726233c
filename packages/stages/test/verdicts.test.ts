import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { ResultDocument } from '../src/report/result-document.js'
import type { TestResult } from '../src/verdict.js'
import { compareVerdict } from './verdicts/compare.js'
import { type Fixture, fixtureFiles, readTable, selectFixtures, testsToBlame } from './verdicts/fixtures-table.js'
import { bestIsolation } from './verdicts/isolation.js'
import type { JudgedFixture } from './verdicts/judge-fixture.js'
import { judgeFixtures } from './verdicts/judge-fixtures.js'
import { describeJudged } from './verdicts/verdicts-report.js'

const test = suite('verdicts', { timeLimit: 600_000 })

const table = readTable()

/** One or two of each kind; `pnpm test:verdicts` judges all of them by all tests. */
const quickBroken = [
  'broken/start-dies-at-once.js',
  'broken/bytes-reversed.js',
  'broken/bytes-byte-65537.js',
  'broken/multiple-answers-the-newest.js',
  'broken/stall-ends-in-a-timeout.js',
  'broken/spin-child.js',
  'broken/spin-daemon.c',
  'broken/memory-no-backpressure.js',
  'broken/memory-in-a-memfd.c',
  'broken/errors-not-handled.js',
  'broken/errors-sigpipe.c',
].join(',')

const quickCorrect = ['correct/pipe.js', 'correct/prefork.py', 'correct/half-closes.c'].join(',')

async function expectRight(fixtures: readonly Fixture[], only: (fixture: Fixture) => string[]): Promise<void> {
  const bad: JudgedFixture[] = []
  const { judged, skipped } = await judgeFixtures(fixtures, {
    isolation: await bestIsolation(),
    ...{ full: false, keep: undefined, repeat: 1, jobs: 4 },
    stagesArguments: only,
    onSkipped: () => {},
    onJudged: one => {
      if (one.outcome !== 'right') bad.push(one)
    },
  })
  assert.is(judged.length + skipped, fixtures.length)
  assert.equal(bad.map(describeJudged), [])
}

test('the table has every fixture, once, and nothing else', () => {
  assert.equal(table.map(({ file }) => file).sort(), fixtureFiles().sort())
})

test('every broken fixture has a test to blame and a reason, and no correct one has', () => {
  for (const { file, kind, blame, mayAlsoFail, reason } of table) {
    assert.is(file.startsWith(`${kind}/`), true, file)
    assert.is(blame.length > 0, kind === 'broken', file)
    assert.is(reason !== '', kind === 'broken', file)
    assert.is(kind === 'correct' && mayAlsoFail.length > 0, false, file)
    new RegExp(reason)
  }
})

const broken: Fixture = {
  ...{
    file: 'broken/x.js',
    language: 'js',
    stage: 10,
    kind: 'broken',
    defect: 'Loses bytes.',
    quick: true,
    seconds: 1,
  },
  ...{ blame: ['single'], mayAlsoFail: ['multiple'], reason: 'port 8002: .*then nothing' },
}

function documentOf(...tests: [id: string, verdict: TestResult['verdict'], reason?: string][]): ResultDocument {
  const verdicts = tests.map(([, verdict]) => verdict)
  const verdict = verdicts.find(one => one === 'fail') ?? verdicts.find(one => one === 'unknown') ?? 'pass'
  return {
    ...{ stage: 10, verdict, target: '', seed: 1, scale: 'quick', ports: [21_000, 21_001] },
    tests: tests.map(([id, verdict, reason = '']) => ({
      ...{ id, verdict, reason, seconds: 1, measured: {}, limit: {}, evidence: {}, asks: { input: '', expected: '' } },
    })),
  }
}

test('a verdict is right when the test to blame fails with the reason, wherever the ports were', () => {
  const rightly = ['single', 'fail', 'port 21001: 9 came back, then nothing'] as const
  const outcome = (...tests: Parameters<typeof documentOf>) => compareVerdict(broken, documentOf(...tests)).outcome
  assert.is(outcome(['start', 'pass'], [...rightly]), 'right')
  assert.is(outcome([...rightly], ['multiple', 'fail', 'as well']), 'right')
  assert.is(outcome([...rightly], ['cpu', 'fail', 'as well']), 'wrong')
  assert.is(outcome(['single', 'fail', 'port 21000: 9 came back, then nothing']), 'wrong')
  assert.is(outcome(['single', 'pass'], ['multiple', 'fail', 'port 21001: then nothing']), 'wrong')
  assert.is(outcome(['single', 'pass']), 'wrong')
  assert.is(outcome(['single', 'unknown', 'port 8001 is taken']), 'unknown')
})

test('a correct server must pass all tests', () => {
  const correct: Fixture = { ...broken, kind: 'correct', blame: [], mayAlsoFail: [], reason: '' }
  const outcome = (...tests: Parameters<typeof documentOf>) => compareVerdict(correct, documentOf(...tests)).outcome
  assert.is(outcome(['start', 'pass'], ['single', 'pass']), 'right')
  assert.is(outcome(['start', 'pass'], ['single', 'fail']), 'wrong')
  assert.is(outcome(['start', 'pass'], ['single', 'unknown']), 'unknown')
})

test('names, their beginnings and patterns select fixtures', () => {
  const files = (only: string) => selectFixtures(table, only).map(({ file }) => file)
  assert.equal(files('correct/pipe.js'), ['correct/pipe.js'])
  assert.equal(files('pipe'), ['correct/pipe.js'])
  assert.is(files('correct/').length, table.filter(({ kind }) => kind === 'correct').length)
  assert.is(
    files('spin*.py').every(file => /^broken\/spin.*\.py$/.test(file)),
    true
  )
  assert.throws(() => files('pipe,nobody'), /no fixture is called 'nobody'/)
})

test('broken servers of every kind are blamed for what is wrong with them', () =>
  expectRight(selectFixtures(table, quickBroken), testsToBlame))

test('correct servers pass all tests', () => expectRight(selectFixtures(table, quickCorrect), () => []))

test.run()
