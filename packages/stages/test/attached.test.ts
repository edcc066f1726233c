import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { waitUntil } from '../src/patience.js'
import { holderOfPort } from '../src/program/listeners.js'
import { readProcess } from '../src/program/process-table.js'
import type { ResultDocument } from '../src/report/result-document.js'
import { fixtureCommand, type Place, portsEnvironment, withPlace } from './fixture.js'
import { runScript, stages } from './run-cli.js'

const test = suite('attached', { timeLimit: 90_000 })

/** Starts a fixture as its author would, and ends it in any case. */
function withRunning(fixture: string, use: (program: ChildProcess & { pid: number }, place: Place) => Promise<void>) {
  return withPlace(2, async place => {
    const env = { ...process.env, ...portsEnvironment(place.ports) }
    const program = spawn('/bin/sh', ['-c', fixtureCommand(fixture)], { env, stdio: 'ignore', detached: true })
    assert.ok(program.pid)
    try {
      assert.ok(await waitUntil(() => place.ports.every(port => holderOfPort(port) !== undefined)))
      await use(program as ChildProcess & { pid: number }, place)
    } finally {
      try {
        process.kill(-program.pid, 'SIGKILL')
      } catch {
        // It has ended.
      }
    }
  })
}

function attach({ ports, folder }: Place, ...args: string[]): Promise<{ code: number; document: ResultDocument }> {
  const json = join(folder, 'verdict.json')
  const where = ['--ports', ports.join(','), '--evidence', join(folder, 'evidence'), '--json', json]
  return stages('run', '10', '--quick', '--attach', 'localhost', ...where, ...args).then(({ code, stderr }) => {
    assert.is(stderr, '')
    return { code, document: JSON.parse(readFileSync(json, 'utf8')) }
  })
}

const verdictsOf = ({ tests }: ResultDocument) => Object.fromEntries(tests.map(({ id, verdict }) => [id, verdict]))

test('judges a running program of a known pid, and leaves it running', () =>
  withRunning('correct/plain.js', async (program, place) => {
    const { code, document } = await attach(place, '--pid', String(program.pid), '--only', 'cpu,single,errors')
    assert.equal(verdictsOf(document), { start: 'pass', cpu: 'pass', single: 'pass', errors: 'pass' })
    assert.is(code, 0)
    assert.is(document.target, `--attach 127.0.0.1 --pid ${program.pid}`)
    assert.ok((document.tests.at(-1)?.measured.descriptors ?? 0) > 5)
    assert.is(program.exitCode, null)
    assert.is(readProcess(program.pid)?.state, 'S')
  }))

test('watches the whole tree of a running program', () =>
  withRunning('broken/spin-child.js', async (program, place) => {
    const { code, document } = await attach(place, '--pid', String(program.pid), '--only', 'cpu')
    assert.is(code, 1)
    assert.match(document.tests[1]?.reason ?? '', /^used .* of one core for .*in a child process.*pid \d+/)
    assert.is(program.exitCode, null)
  }))

test('does not know about CPU and memory without a pid, and says so', () =>
  withRunning('broken/spin-main-thread.js', async (program, place) => {
    const { code, document } = await attach(place, '--only', 'cpu,memory,single')
    assert.equal(verdictsOf(document), { start: 'pass', cpu: 'unknown', memory: 'unknown', single: 'pass' })
    assert.is(code, 5)
    assert.match(document.tests[1]?.reason ?? '', /^CPU time and memory cannot be seen without the pid of the running/)
    assert.is(program.exitCode, null)
  }))

test('says that a running program has ended, and blames no other test for it', () =>
  withRunning('broken/errors-not-handled.js', async (program, place) => {
    const pid = String(program.pid)
    const first = await attach(place, '--pid', pid, '--only', 'single,errors')
    assert.is(first.code, 1)
    assert.equal(verdictsOf(first.document), { start: 'pass', single: 'pass', errors: 'fail' })
    assert.match(first.document.tests[2]?.reason ?? '', /^the program has ended, [\d.]+ s after 34 clients reset their/)
  }))

test('says in one line that a pid is wrong, or does not listen', () =>
  withRunning('correct/plain.js', (program, { ports, folder }) =>
    withRunning('correct/plain.js', async other => {
      const where = ['--ports', ports.join(','), '--evidence', join(folder, 'evidence')]
      const wrong: readonly (readonly [pid: number, line: RegExp])[] = [
        [2 ** 22 + 1, /^stages: --pid: there is no process 4194305; expected the pid of the program that listens$/],
        [
          other.pid,
          new RegExp(`^stages: --pid: .*plain.js \\(pid ${other.pid}\\) does not listen .*pid ${program.pid}\\) does$`),
        ],
        [process.pid, /^stages: --pid: the judge itself was started by pid \d+; expected that of the program/],
      ]
      for (const [pid, line] of wrong) {
        const outcome = await stages('run', '10', '--attach', 'localhost', '--pid', String(pid), ...where)
        assert.is(outcome.code, 2, outcome.stdout)
        assert.match(outcome.stderr.trimEnd(), line)
        assert.is(outcome.stderr.trimEnd().split('\n').length, 1)
      }
    })
  ))

test('says in one line that nothing listens', () =>
  withPlace(2, async ({ ports, folder }) => {
    const where = ['--ports', ports.join(','), '--evidence', join(folder, 'evidence')]
    const { code, stderr } = await stages('run', '10', '--attach', '127.0.0.1', ...where)
    assert.is(code, 2)
    assert.is(
      stderr,
      `stages: --attach: nothing listens on ports ${ports.join(', ')} of 127.0.0.1; ` +
        'start the program first, or name its ports with --ports\n'
    )
  }))

test('is asked for in the environment as well, as through turbo', () =>
  withRunning('correct/plain.js', async (program, { ports, folder }) => {
    const environment = {
      STAGE_ATTACH: 'localhost',
      STAGE_PID: String(program.pid),
      STAGE_PORTS: ports.join(','),
      STAGE_EVIDENCE: join(folder, 'evidence'),
      STAGE_QUICK: '1',
    }
    const { code, stdout } = await runScript('suites/stage10/single.js', [], environment)
    assert.is(code, 0, stdout)
    assert.match(stdout, new RegExp(`^judging --attach 127.0.0.1 --pid ${program.pid}$`, 'm'))
    assert.is(readProcess(program.pid)?.state, 'S')
  }))

test.run()
