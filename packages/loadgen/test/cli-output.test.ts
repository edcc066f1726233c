import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { recorderOf } from '../src/measurement/recorded-latency.js'
import { type ReportDocument, reportSchema } from '../src/output/report-document.js'
import { cli, loadgen } from './run-loadgen.js'
import { withServer } from './with-server.js'

const test = suite('what loadgen leaves behind', { timeLimit: 45_000 })

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'loadgen-cli-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Within so long (ms) three loadgens have started, on a machine that is as busy as it is now. */
async function timeToStart(): Promise<number> {
  const before = performance.now()
  await loadgen(['--version'])
  return 1_000 + 10 * (performance.now() - before)
}

const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(reportSchema())

/** A report as it was written, after a check that it is what the schema says. */
function documentOf(json: string): ReportDocument {
  const document = JSON.parse(json)
  assert.ok(validate(document), JSON.stringify(validate.errors))
  return document as ReportDocument
}

const workloads: readonly (readonly [name: string, ...words: string[]])[] = [
  ['ping-pong', '--connections', '4', '--requests', '200', '--monitor', 'auto'],
  ['ping-pong', '--connections', '4', '--rate', '500', '--duration', '500ms', '--warmup', '200ms'],
  ['stream', '--size', '1m'],
  ['strings', '--clients', '3', '--messages', '10'],
  ['churn', '--duration', '300ms'],
  ['crowd', '--clients', '20'],
  ['idle', '--clients', '5', '--duration', '100ms'],
  ['slow', '--clients', '5', '--every', '50ms', '--duration', '400ms'],
  ['vanish', '--how', 'fin', '--clients', '5'],
]
for (const [name, ...words] of workloads) {
  test(`${[name, ...words].join(' ')}: --json is what its schema says`, async () => {
    await withServer({ kind: 'none' }, async ({ port }) => {
      const { code, stdout, stderr } = await loadgen([name, `${port}`, ...words, '--json', '--quiet'])
      assert.is(code, 0, stderr)
      assert.is(stderr, '')
      const document = documentOf(stdout)
      assert.is(document.plan.workload, name)
      assert.is(
        document.intervals.reduce((sum, { verified }) => sum + verified, 0),
        document.verified,
        'no byte is missing from the intervals'
      )
    })
  })
}

test('a run that is refused leaves the files of the one before as they were, and makes no new ones', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'loadgen-'))
  try {
    const [kept, made] = [join(folder, 'kept.json'), join(folder, 'new.csv')]
    writeFileSync(kept, 'the report of yesterday')
    const refused = async (words: readonly string[]) => {
      const { code } = await loadgen(['ping-pong', '8001', '--csv', made, '--json', kept, '--quiet', ...words])
      assert.is(code, 2)
      assert.is(readFileSync(kept, 'utf8'), 'the report of yesterday')
      assert.not.ok(existsSync(made))
    }
    await refused(['--connections', '10m'])
    await refused(['--monitor', '999999999'])
    await refused(['--html', kept])
    await withServer({ kind: 'none' }, async ({ port }) => {
      writeFileSync(kept, 'x'.repeat(100_000))
      const words = ['ping-pong', `${port}`, '--requests', '10', '--json', kept, '--quiet']
      assert.is((await loadgen(words)).code, 0)
      documentOf(readFileSync(kept, 'utf8'))
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('wrong bytes: exit code 3, whatever else was missed, and a report that says where', async () => {
  await withServer({ kind: 'flip', at: 70_000, span: 1 }, async ({ port }) => {
    const words = ['stream', `${port}`, '--size', '1m', '--json', '--quiet', '--threshold', 'throughput>8191t']
    const { code, stdout, stderr } = await loadgen(words)
    assert.is(code, 3)
    const document = documentOf(stdout)
    assert.is(document.failures[0]?.mismatch?.offset, 70_000)
    assert.is(document.thresholds[0]?.met, false)
    assert.match(stderr, /^loadgen: .*wrong bytes at offset 70,000.*\n$/)
  })
})

test('nobody listens: exit code 4, and a report that says so', async () => {
  const port = await withServer({ kind: 'none' }, async server => server.port)
  const { code, stdout } = await loadgen(['ping-pong', `${port}`, '--connections', '3', '--json', '--quiet'])
  assert.is(code, 4)
  assert.ok((documentOf(stdout).failureCounts.refused ?? 0) > 0)
})

test('a threshold that is not met: exit code 99, one line, and the results', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const words = [
      'ping-pong',
      `${port}`,
      '--requests',
      '300',
      '--quiet',
      '--threshold',
      'p99<1ns',
      '--threshold',
      'rps>1',
    ]
    const { code, stdout, stderr } = await loadgen(words)
    assert.is(code, 99)
    assert.match(stderr, /^loadgen: not met: p99<1ns \([\d.,]+ ms\)\n$/)
    assert.match(stdout, /^threshold +p99<1ns +not met/m)
    assert.match(stdout, /^threshold +rps>1 +met/m)
  })
})

test('thresholds that are met: exit code 0', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const words = ['ping-pong', `${port}`, '--requests', '300', '--threshold', 'errors==0', '--threshold', 'p50<1m']
    assert.is((await loadgen(words)).code, 0)
  })
})

test('thresholds that cannot be read: exit code 2, all at once', async () => {
  const { code, stderr } = await loadgen(['ping-pong', '8001', '--threshold', 'p99', '--threshold', 'rps>-5%'])
  assert.is(code, 2)
  assert.match(stderr, /--threshold: 'p99' is not a threshold.*--threshold: 'rps>-5%' limits a change/)
})

test('Ctrl-C: exit code 130, and every report so far', async () => {
  await inFolder(async folder => {
    await withServer({ kind: 'none' }, async ({ port }) => {
      const files = ['json', 'ndjson', 'csv', 'hgrm', 'html'].flatMap(kind => [`--${kind}`, join(folder, kind)])
      const words = ['ping-pong', `${port}`, '--duration', '1h', '--interval', '200ms', ...files]
      const { code, stdout } = await loadgen(words, child => child.kill('SIGINT'), 1500)
      assert.is(code, 130)
      assert.match(stdout, /^verdict +stopped before its end/m)
      const read = (name: string) => readFileSync(join(folder, name), 'utf8')
      const document = documentOf(read('json'))
      assert.is(document.verdict, 'stopped')
      assert.ok(document.measured.messages > 0)
      assert.is(recorderOf(document.latency.fromSend ?? '').count, document.latencySummary.fromSend?.count)
      const events = read('ndjson')
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).event)
      assert.is(events.at(0), 'start')
      assert.is(events.at(-1), 'end')
      assert.is(events.length, document.intervals.length + 2)
      assert.is(read('csv').trimEnd().split('\n').length, document.intervals.length + 1)
      assert.match(read('hgrm'), /#\[Max/)
      assert.match(read('html'), /stopped before its end/)
    })
  })
})

test('a disk that is full: exit code 1, one line, and the results', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const words = ['ping-pong', `${port}`, '--requests', '50', '--csv', '/dev/full', '--quiet']
    const { code, stdout, stderr } = await loadgen(words)
    assert.is(code, 1)
    assert.is(stderr, 'loadgen: --csv: /dev/full is not complete (ENOSPC)\n')
    assert.match(stdout, /^verdict +ok$/m)
  })
})

test('the reader of stdout goes away: exit code 141', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const words = ['ping-pong', `${port}`, '--duration', '1h', '--interval', '100ms', '--ndjson', '-']
    const child = spawn(process.execPath, [cli, ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
    try {
      await once(child.stdout, 'data')
      child.stdout.destroy()
      const [code] = await once(child, 'exit')
      assert.is(code, 141)
    } finally {
      child.kill('SIGKILL')
    }
  })
})

test('shares that start together add up to the whole; less than the whole is no result: exit code 5', async () => {
  await inFolder(async folder => {
    await withServer({ kind: 'none' }, async ({ port }) => {
      const files = [1, 2, 3].map(index => join(folder, `share-${index}.json`))
      const startAt = String(Math.ceil((await timeToStart()) + Date.now()))
      const common = ['ping-pong', `${port}`, '--connections', '6', '--rate', '300', '--duration', '1s', '--seed', '7']
      const outcomes = await Promise.all(
        files.map((file, index) =>
          loadgen([...common, '--start-at', startAt, '--segment', `${index + 1}/3`, '--json', file, '--quiet'])
        )
      )
      assert.equal(
        outcomes.map(({ code }) => code),
        [0, 0, 0]
      )
      const whole = join(folder, 'whole.json')
      const merged = await loadgen(['merge', ...files, '--json', whole, '--threshold', 'errors==0'])
      assert.is(merged.code, 0, merged.stderr)
      const document = documentOf(readFileSync(whole, 'utf8'))
      const shares = files.map(file => documentOf(readFileSync(file, 'utf8')))
      const total = (amount: (report: ReportDocument) => number) =>
        shares.reduce((sum, report) => sum + amount(report), 0)
      assert.is(
        document.verified,
        total(({ verified }) => verified)
      )
      assert.is(document.connections.planned, 6)
      assert.is(
        document.latencySummary.fromDue?.count,
        total(report => report.latencySummary.fromDue?.count ?? 0)
      )
      assert.is(
        document.lag?.scheduled,
        total(({ lag }) => lag?.scheduled ?? 0)
      )

      const missing = join(folder, 'missing.json')
      const less = await loadgen(['merge', ...files.slice(1), '--json', missing])
      assert.is(less.code, 5)
      assert.is(less.stderr, 'loadgen: no result: share 1 of 3 is missing\n')
      assert.is(less.stdout, '')
      assert.not.ok(existsSync(missing))
    })
  })
})

test('compare: a table, and exit code 99 when a change is not what it has to be', async () => {
  await inFolder(async folder => {
    await withServer({ kind: 'none' }, async ({ port }) => {
      const file = join(folder, 'run.json')
      const run = ['ping-pong', `${port}`, '--duration', '1s', '--interval', '100ms', '--json', file, '--quiet']
      assert.is((await loadgen(run)).code, 0)
      const same = await loadgen(['compare', file, file, '--threshold', 'p99<+10%', '--threshold', 'rps>-5%'])
      assert.is(same.code, 0, same.stderr)
      assert.match(same.stdout, /^rps +[\d,]+\/s +[\d,]+\/s +\+0\.0 % +±[\d.]+ % +the same$/m)
      const missed = await loadgen(['compare', file, file, '--threshold', 'rps>+5%', '--json'])
      assert.is(missed.code, 99)
      assert.is(missed.stderr, 'loadgen: not met: rps>+5% (+0.0 %)\n')
      assert.is(JSON.parse(missed.stdout).figures[0].name, 'rps')
      const absent = await loadgen(['compare', file, join(folder, 'absent.json')])
      assert.is(absent.code, 2)
      assert.match(absent.stderr, /absent\.json \(ENOENT\); expected a report of loadgen --json\n$/)
    })
  })
})

test.run()
