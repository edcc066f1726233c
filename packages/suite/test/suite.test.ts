import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as assert from 'uvu/assert'
import { suite } from '../src/index.js'

const runner = fileURLToPath(new URL('../src/cli.js', import.meta.url))
const here = fileURLToPath(new URL('.', import.meta.url))

interface Ended {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  readonly closingLine: string
}

/** Runs a program as a user would. Ends it, and throws, when it does not end by itself. */
async function run(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, args, { cwd: here, stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  let hung = false
  const timer = setTimeout(() => {
    hung = true
    kill()
  }, 20_000)
  process.once('exit', kill)
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text
  })
  try {
    const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (...result) => resolve(result))
    })
    assert.not(hung, `still running after 20 s:\n${stdout}${stderr}`)
    return { exitCode, signal, stdout, stderr, closingLine: stdout.trimEnd().split('\n').at(-1) ?? '' }
  } finally {
    clearTimeout(timer)
    process.off('exit', kill)
  }
}

const runFixtures = (...names: string[]) => run(runner, ...names.map(name => `fixtures/${name}.fixture.js`))

const test = suite('suite', { timeLimit: 30_000 })

test('passing tests end with exit code 0', async () => {
  const { exitCode, closingLine, stderr } = await runFixtures('passing')
  assert.is(closingLine, '2 passed, 0 failed')
  assert.is(stderr, '')
  assert.is(exitCode, 0)
})

test('a failing test fails the run, shows its source, and hides no other', async () => {
  const { exitCode, closingLine, stdout } = await runFixtures('failing', 'passing')
  assert.is(closingLine, '4 passed, 1 failed')
  assert.match(stdout, 'failing.fixture.ts:6')
  assert.is(exitCode, 1)
})

test('whatever a test throws is reported, and the rest still runs', async () => {
  const { exitCode, closingLine, stdout } = await runFixtures('odd-errors')
  assert.is(closingLine, '1 passed, 4 failed')
  assert.match(stdout, 'only a text')
  assert.match(stdout, 'the cause')
  assert.is(exitCode, 1)
})

test('a file that does not load fails the run', async () => {
  const { exitCode, closingLine, stderr } = await runFixtures('throwing-import')
  assert.match(stderr, 'this file does not load')
  assert.match(stderr, 'suite: 1 of 1 registered tests did not run to their end: throwing import: never runs\n')
  assert.is(closingLine, '0 passed, 0 failed')
  assert.is(exitCode, 1)
})

test('no tests at all fail the run', async () => {
  const { exitCode, closingLine, stderr } = await runFixtures('no-tests')
  assert.is(stderr, 'suite: no test was registered\n')
  assert.is(closingLine, '0 passed, 0 failed')
  assert.is(exitCode, 1)
})

test('one file without tests among others fails the run', async () => {
  const { exitCode, closingLine, stderr } = await runFixtures('passing', 'no-tests')
  assert.is(stderr, 'suite: no test was registered in fixtures/no-tests.fixture.js\n')
  assert.is(closingLine, '2 passed, 0 failed')
  assert.is(exitCode, 1)
})

test('a folder without tests fails the run', async () => {
  const { exitCode, stderr } = await run(runner, '../src')
  assert.is(stderr, 'suite: no test was registered\n')
  assert.is(exitCode, 1)
})

test('a suite that was never handed to uvu fails the run', async () => {
  const { exitCode, closingLine, stderr } = await runFixtures('never-handed-over')
  assert.is(stderr, 'suite: 1 of 2 registered tests did not run to their end: forgotten: never runs\n')
  assert.is(closingLine, '1 passed, 0 failed')
  assert.is(exitCode, 1)
})

test('a test that takes too long fails, and only that one', async () => {
  const { exitCode, closingLine, stdout } = await runFixtures('overrun')
  assert.match(stdout, 'took longer than 100 ms')
  assert.is(closingLine, '1 passed, 1 failed')
  assert.is(exitCode, 1)
})

test('a test that blocks the main thread is named, and the process ends', async () => {
  const { exitCode, signal, stderr } = await runFixtures('blocked')
  assert.match(stderr, "in 'blocked: spins'\n")
  assert.is(signal, 'SIGKILL')
  assert.is(exitCode, null)
})

test('what keeps the process alive after the last test is named, and fails the run', async () => {
  const { exitCode, closingLine, stderr } = await runFixtures('leaking')
  assert.match(stderr, /^suite: all tests have ended, but the process is kept alive by TCPServerWrap\n/)
  assert.is(closingLine, '1 passed, 0 failed')
  assert.is(exitCode, 1)
})

test('a skipped test is counted and shown with its reason', async () => {
  const { exitCode, closingLine, stdout } = await runFixtures('skipping')
  assert.match(stdout, 'skipped: skipping: needs a compiler: no C compiler here\n')
  assert.is(closingLine, '1 passed, 0 failed, 1 skipped')
  assert.is(exitCode, 0)
})

test('leaving in the middle is no success', async () => {
  const { exitCode, closingLine, stderr } = await runFixtures('early-exit')
  assert.match(stderr, '2 of 3 registered tests did not run to their end: early exit: leaves with success and 1 more')
  assert.is(closingLine, '1 passed, 0 failed')
  assert.is(exitCode, 1)
})

test('an error outside every test fails the run', async () => {
  const during = await runFixtures('unhandled')
  assert.match(during.stderr, 'nobody caught this')
  assert.match(during.stderr, 'did not run to their end: unhandled: leaves a rejection behind')
  assert.is(during.exitCode, 1)

  const after = await runFixtures('failing-exit')
  assert.match(after.stderr, 'after the last test')
  assert.match(after.stderr, 'suite: the process ended with exit code 1 although no test failed')
  assert.is(after.exitCode, 1)
})

test('a folder runs its *.test.js and nothing else', async () => {
  const { exitCode, closingLine } = await run(runner, 'fixtures/folder')
  assert.is(closingLine, '1 passed, 0 failed')
  assert.is(exitCode, 0)
})

test('a test file without the runner is guarded just the same', async () => {
  const passing = await run('fixtures/passing.fixture.js')
  assert.is(passing.closingLine, '2 passed, 0 failed')
  assert.is(passing.exitCode, 0)

  const forgotten = await run('fixtures/never-handed-over.fixture.js')
  assert.match(forgotten.stderr, 'forgotten: never runs')
  assert.is(forgotten.exitCode, 1)
})

test('a path that does not exist is one line and exit code 2', async () => {
  const { exitCode, stdout, stderr } = await run(runner, 'nowhere')
  assert.is(stderr, 'suite: nowhere does not exist; expected a folder or a test file\n')
  assert.is(stdout, '')
  assert.is(exitCode, 2)
})

test('a time limit that cannot be kept is refused', () => {
  for (const timeLimit of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    assert.throws(() => suite('refused', { timeLimit }), /timeLimit: .* is not a number of milliseconds/)
  }
})

test.run()
