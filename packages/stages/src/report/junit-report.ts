import { create } from 'xmlbuilder2'
import { type TestResult, type Verdict, wasTried } from '../verdict.js'
import { formatMeasure, measureLabel } from './measures.js'
import type { RepeatDocument, ResultDocument } from './result-document.js'

/** Elements and their children by name, attributes with `@`. */
type Element = Readonly<Record<string, unknown>>

/**
 * The results as JUnit XML, a `testsuite` for each run. A test that failed is a `failure`, one that is unknown an
 * `error`, so that no CI system takes it for passed, and one that was not tried is `skipped`.
 */
export function junitReport(results: ResultDocument | RepeatDocument): string {
  const runs = 'runs' in results ? results.runs : [results]
  const all = runs.flatMap(({ tests }) => tests)
  // Programs write what they like to stderr; XML does not hold every character.
  return create({ version: '1.0', encoding: 'UTF-8', invalidCharReplacement: '\u{fffd}' })
    .ele({
      testsuites: { '@name': `stage ${results.stage}`, ...countsOf(all), testsuite: runs.map(suiteOf) },
    })
    .end({ prettyPrint: true })
}

function suiteOf({ stage, seed, target, scale, ports, tests }: ResultDocument): Element {
  const properties = Object.entries({ target, seed, scale, ports: ports.join(',') })
  return {
    '@name': `stage ${stage}, seed ${seed}`,
    ...countsOf(tests),
    properties: { property: properties.map(([name, value]) => ({ '@name': name, '@value': value })) },
    testcase: tests.map(result => caseOf(stage, result)),
  }
}

function caseOf(stage: number, result: TestResult): Element {
  const measured = describeMeasures(result)
  return {
    '@classname': `stage${stage}`,
    '@name': result.id,
    '@time': result.seconds.toFixed(3),
    ...verdictOf(result),
    ...(measured === '' ? {} : { 'system-out': measured }),
  }
}

function verdictOf(result: TestResult): Element {
  const { verdict, reason, usualCause, asks } = result
  if (verdict === 'pass') return {}
  if (!wasTried(result)) return { skipped: { '@message': reason } }
  const cause = usualCause === undefined ? [] : [`usual cause: ${usualCause}`]
  const text = [reason, ...cause, `asked for: ${asks.expected}`].join('\n')
  return { [verdict === 'fail' ? 'failure' : 'error']: { '@message': reason, '@type': verdict, '#': text } }
}

function countsOf(tests: readonly TestResult[]): Element {
  const tried = tests.filter(wasTried)
  const count = (verdict: Verdict) => tried.filter(test => test.verdict === verdict).length
  return {
    '@tests': tests.length,
    '@failures': count('fail'),
    '@errors': count('unknown'),
    '@skipped': tests.length - tried.length,
    '@time': tests.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(3),
  }
}

function describeMeasures({ measured, limit }: TestResult): string {
  return Object.entries(measured)
    .map(([name, value]) => {
      const most = limit[name] === undefined ? '' : `, limit ${formatMeasure(name, limit[name])}`
      return `${measureLabel(name)}: ${formatMeasure(name, value)}${most}`
    })
    .join('\n')
}
