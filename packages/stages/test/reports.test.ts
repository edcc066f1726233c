import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { junitReport } from '../src/report/junit-report.js'
import { type RepeatDocument, type ResultDocument, resultDocument } from '../src/report/result-document.js'
import type { TestResult } from '../src/verdict.js'
import { type Place, withPlace } from './fixture.js'
import { judgeArguments, type Outcome, scriptPath, stages } from './run-cli.js'

const test = suite('reports', { timeLimit: 60_000 })

const schema = JSON.parse(readFileSync(scriptPath('../result.schema.json'), 'utf8'))
const validate = new Ajv2020({ strict: true, strictRequired: false, allErrors: true }).compile(schema)

function assertValid(document: unknown): void {
  validate(document)
  assert.equal(validate.errors ?? [], [])
}

interface JunitCase {
  readonly name: string
  readonly failure?: { readonly message: string; readonly '#text': string }
  readonly error?: { readonly message: string; readonly '#text': string }
  readonly skipped?: { readonly message: string }
}

interface JunitSuite {
  readonly tests: string
  readonly failures: string
  readonly errors: string
  readonly skipped: string
  readonly testcase: readonly JunitCase[]
}

function parseJunit(xml: string): readonly JunitSuite[] {
  assert.is(XMLValidator.validate(xml), true)
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    isArray: name => ['testsuite', 'testcase'].includes(name),
  })
  return parser.parse(xml).testsuites.testsuite
}

interface Judged<Document> extends Outcome {
  readonly document: Document
  readonly suites: readonly JunitSuite[]
}

/** Judges a fixture and reads what was written about it. */
async function judged<Document>(fixture: string, place: Place, ...args: string[]): Promise<Judged<Document>> {
  const [json, junit] = [join(place.folder, 'verdict.json'), join(place.folder, 'verdict.xml')]
  const files = ['--json', json, '--junit', junit]
  const outcome = await stages('run', '10', ...judgeArguments(fixture, place), ...files, ...args)
  assert.is(outcome.stderr, '')
  const document = JSON.parse(readFileSync(json, 'utf8'))
  assertValid(document)
  return { ...outcome, document, suites: parseJunit(readFileSync(junit, 'utf8')) }
}

test('writes of a program that passes', () =>
  withPlace(2, async place => {
    const { code, document, suites } = await judged<ResultDocument>('correct/plain.js', place, '--only', 'single,cpu')
    assert.is(code, 0)
    assert.equal(Object.keys(document), ['stage', 'verdict', 'target', 'seed', 'scale', 'ports', 'tests'])
    assert.equal(
      document.tests.map(({ id, verdict, reason }) => [id, verdict, reason]),
      [
        ['start', 'pass', 'passed'],
        ['cpu', 'pass', 'passed'],
        ['single', 'pass', 'passed'],
      ]
    )
    const [only] = suites
    assert.equal([only?.tests, only?.failures, only?.errors, only?.skipped], ['3', '0', '0', '0'])
    assert.ok(only?.testcase.every(({ failure, error, skipped }) => !failure && !error && !skipped))
  }))

test('writes of a program that fails', () =>
  withPlace(1, async place => {
    const { code, document, suites } = await judged<ResultDocument>(
      'broken/bytes-byte-65537.js',
      place,
      ...['--only', 'single']
    )
    assert.is(code, 1)
    assert.is(document.verdict, 'fail')
    const result = document.tests[1]
    assert.match(result?.reason ?? '', /^byte 65,537 of the only client differs/)
    assert.ok(result?.usualCause)
    const failure = suites[0]?.testcase.find(({ name }) => name === 'single')?.failure
    assert.is(failure?.message, result?.reason)
    assert.is(
      failure?.['#text'],
      `${result?.reason}\nusual cause: ${result?.usualCause}\nasked for: ${result?.asks.expected}`
    )
    assert.is(suites[0]?.failures, '1')
  }))

test('writes of a program of which nothing could be found out', () =>
  withPlace(1, async place => {
    const other = createServer()
    await new Promise<void>(resolve => other.listen(place.ports[0], '127.0.0.1', resolve))
    try {
      const { code, document, suites } = await judged<ResultDocument>('correct/plain.js', place)
      assert.is(code, 5)
      assert.is(document.verdict, 'unknown')
      assert.ok(document.tests.every(({ verdict }) => verdict === 'unknown'))
      assert.match(
        document.tests[0]?.reason ?? '',
        new RegExp(`^port ${place.ports[0]} is taken by .*pid ${process.pid}`)
      )
      const [only] = suites
      assert.equal([only?.tests, only?.failures, only?.errors, only?.skipped], ['7', '0', '1', '6'])
      assert.is(only?.testcase[0]?.error?.message, document.tests[0]?.reason)
      assert.match(only?.testcase[1]?.skipped?.message ?? '', /^not tried, since the program did not start/)
    } finally {
      other.close()
    }
  }))

test('writes of several runs, each with a seed of its own, and how they differed', () =>
  withPlace(1, async place => {
    const args = ['--only', 'single', '--repeat', '3', '--seed', '42']
    const steady = await judged<RepeatDocument>('correct/plain.js', place, ...args)
    assert.is(steady.code, 0)
    assert.is(steady.suites.length, 3)
    const seeds = steady.document.runs.map(({ seed }) => seed)
    assert.is(seeds[0], 42)
    assert.is(new Set(seeds).size, 3)
    assert.match(steady.stdout, /^│ single +│ +3 │ +0 │ +0 │ +│$/m)
    assert.is(steady.stdout.trimEnd().split('\n').at(-1), '3 runs passed, 0 failed, 0 unknown')

    const again = await judged<RepeatDocument>('broken/bytes-byte-65537.js', place, ...args)
    assert.is(again.code, 1)
    assert.equal(
      again.document.runs.map(({ seed }) => seed),
      seeds,
      'the same seed gives the same runs'
    )
    const single = again.document.flakiness.find(({ id }) => id === 'single')
    assert.equal([single?.pass, single?.fail, single?.unknown], [0, 3, 0])
    assert.equal(
      single?.reasons.map(({ times, seeds: of }) => [times, of]),
      [[3, seeds]],
      'reasons that differ in their numbers are one'
    )
  }))

test('writes whatever a program says into XML that can be read', () => {
  const reason = 'on stderr: ]]> <b>&amp;"\u0000\u001b\ufffe\ud800 \u{1f600}'
  const result: TestResult = {
    ...{ id: 'single', verdict: 'fail', reason, usualCause: 'x', asks: { input: '', expected: '' } },
    ...{ measured: {}, limit: {}, evidence: {}, seconds: 1 },
  }
  const run = { stage: 10, target: '"\u0001"', ports: [8001], scale: 'full', seed: 1 } as const
  const [suiteOfIt] = parseJunit(junitReport(resultDocument(run, [result])))
  assert.match(suiteOfIt?.testcase[0]?.failure?.message ?? '', /^on stderr: \]\]/)
})

test('refuses documents that are not those of a run', () => {
  const test = { id: 'cpu', verdict: 'pass', reason: 'passed', asks: { input: '', expected: '' } }
  const good = {
    ...{ stage: 10, verdict: 'pass', target: 'x', seed: 1, scale: 'full', ports: [8001] },
    tests: [{ ...test, evidence: {}, measured: {}, limit: {}, seconds: 1 }],
  }
  assertValid(good)
  const [first] = good.tests
  for (const bad of [
    { ...good, verdict: 'passed' },
    { ...good, tests: [] },
    { ...good, more: 1 },
    { ...good, tests: [{ ...first, verdict: 'fail' }] },
    { ...good, tests: [{ ...first, measured: { cpuPercent: 'much' } }] },
  ]) {
    assert.not(validate(bad), JSON.stringify(bad))
  }
})

test.run()
