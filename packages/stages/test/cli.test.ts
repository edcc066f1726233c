import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { holderOfPort } from '../src/program/listeners.js'
import type { ResultDocument } from '../src/report/result-document.js'
import { fixtureCommand, portsEnvironment, withPlace } from './fixture.js'
import { judgeArguments, runScript as run, stages } from './run-cli.js'

const test = suite('cli', { timeLimit: 60_000 })

const ids = ['nonblocking', 'cpu', 'memory', 'single', 'multiple', 'errors']

test('lists the stages with what their tests ask for', async () => {
  const { code, stdout } = await stages('list')
  assert.is(code, 0)
  for (const id of ids) assert.match(stdout, new RegExp(`^  ${id} `, 'm'))
  assert.match(stdout, /^stage 10: .*ports 8001, 8002, 8003, 8004/m)
  assert.match(stdout, /asked for: CPU usage should be less than 10%/)
})

test('judges a program: table, closing line, JSON, exit code 0', () =>
  withPlace(2, async place => {
    const json = join(place.folder, 'verdict.json')
    const args = ['--only', 'single,multiple', '--seed', '42', '--json', json]
    const { code, stdout } = await stages('run', '10', ...judgeArguments('correct/plain.js', place), ...args)
    assert.is(code, 0, stdout)
    assert.is(stdout.trimEnd().split('\n').at(-1), '3 passed, 0 failed')
    assert.match(stdout, /^quick: sizes and times are scaled down/m)
    assert.match(stdout, /│ multiple │ pass/)
    const document = JSON.parse(readFileSync(json, 'utf8')) as ResultDocument
    assert.is(document.stage, 10)
    assert.is(document.verdict, 'pass')
    assert.is(document.seed, 42)
    assert.is(document.scale, 'quick')
    assert.equal(
      document.tests.map(({ id }) => id),
      ['start', 'single', 'multiple']
    )
    assert.ok((document.tests[2]?.measured.verifiedBytes ?? 0) > 0)
    assert.is(holderOfPort(place.ports[0] ?? 0), undefined)
    for (const name of ['stdout.log', 'stderr.log', 'samples.json']) {
      assert.ok(existsSync(join(place.folder, 'evidence', 'single', name)))
    }
  }))

test('fails a program that fails one test: exit code 1, and the reason', () =>
  withPlace(2, async place => {
    const args = [...judgeArguments('broken/bytes-byte-65537.js', place), '--only', 'single']
    const { code, stdout } = await stages('run', '10', ...args)
    assert.is(code, 1)
    assert.match(stdout, /^fail single in .* s: byte 65,537 of the only client differs \(port \d+\)/m)
    assert.is(stdout.trimEnd().split('\n').at(-1), '1 passed, 1 failed')
  }))

test('does not try a program that does not start', () =>
  withPlace(2, async place => {
    const { code, stdout } = await stages('run', '10', ...judgeArguments('broken/start-dies-at-once.js', place))
    assert.is(code, 1)
    assert.match(stdout, /^fail start in .*: the program exited with status 3; last line on stderr: config\.json/m)
    assert.match(stdout, /^not tried, since the program did not start: nonblocking, cpu, memory, single, /m)
    assert.match(stdout, /^to see for yourself: \(cd "\$\(mktemp -d\)" && exec /m)
    assert.is(stdout.trimEnd().split('\n').at(-1), '0 passed, 1 failed, 6 unknown')
  }))

test('does not know about a program whose port is taken: exit code 5', () =>
  withPlace(1, async place => {
    const other = await new Promise<import('node:net').Server>(resolve => {
      import('node:net').then(({ createServer }) => {
        const server = createServer().listen(place.ports[0], '127.0.0.1', () => resolve(server))
      })
    })
    try {
      const { code, stdout } = await stages('run', '10', ...judgeArguments('correct/plain.js', place))
      assert.is(code, 5)
      assert.match(
        stdout,
        new RegExp(`^unknown start in .*: port ${place.ports[0]} is taken by .*pid ${process.pid}`, 'm')
      )
    } finally {
      other.close()
    }
  }))

test('says in one line what is wrong with a command line', async () => {
  const wrong: readonly (readonly [args: string[], line: RegExp])[] = [
    [['run', '11'], /^stages: <stage>: there is no stage '11'; expected one of 6, 7, 8, 9, 10$/],
    [
      ['run', '10', '--only', 'memroy'],
      /^stages: --only: stage 10 has no test 'memroy'; expected some of nonblocking, /,
    ],
    [['run', '10', '--ports', '8001-x'], /^stages: .*'8001-x' is not a list of ports/],
    [['run', '10', '--ports', '0'], /^stages: .*port 0 cannot be judged/],
    [['run', '10', '--seed', 'x'], /^stages: --seed: 'x' is not a count/],
    [['run', '10', '--engine', 'io'], /^stages: --engine: .*io/],
    [['run', '10', '--engine', 'node', '--target', 'x'], /^stages: --engine is for our own server/],
    [['run', '10', '--env', 'x', '--target', 'x'], /^stages: --env: 'x' is not an assignment; expected NAME=value$/],
    [['run', '10', '--cwd', '/nowhere'], /^stages: --cwd: .*\/nowhere/],
    [['run', '10', '--json', '/'], /^stages: --json: '\/' cannot be written \(EISDIR\); expected a file/],
    [
      ['run', '10', '--evidence', fileURLToPath(new URL('.', import.meta.url))],
      /holds something other than evidence; expected a new/,
    ],
    [['run', '10', '--junit', '/'], /^stages: --junit: '\/' cannot be written \(EISDIR\); expected a file/],
    [['run', '10', '--repeat', '0'], /^stages: --repeat: '0' is no number of runs; expected at least 1$/],
    [['run', '10', '--target', ''], /^stages: --target is empty; expected a command line$/],
    [['run', '10', '--pid', '1'], /^stages: --pid is for a program that runs already: give --attach as well$/],
    [['run', '10', '--attach', '::1', '--pid', 'x'], /^stages: --pid: 'x' is not a pid; expected the number of/],
    [['run', '10', '--attach', '127.0.0.1:80'], /^stages: '127.0.0.1:80' is not a host; expected a name or an/],
    ...['target', 'cwd', 'env', 'host', 'engine'].map((name): [string[], RegExp] => [
      ['run', '10', '--attach', 'localhost', `--${name}`, name === 'engine' ? 'node' : '/'],
      new RegExp(`^stages: --attach judges a program that runs already; --${name} is for one that is started$`),
    ]),
    [['run', '10', '--quik'], /^stages: unknown option --quik; did you mean --quick\?$/],
    [['rum', '10'], /^stages: unknown command 'rum'; did you mean run\?$/],
    [['run'], /^stages: /],
    [[], /^stages: expected a command; see stages --help$/],
  ]
  for (const [args, line] of wrong) {
    const { code, stdout, stderr } = await stages(...args)
    assert.is(code, 2, `${args.join(' ')}: ${stderr}`)
    assert.match(stderr.trimEnd(), line)
    assert.is(stderr.trimEnd().split('\n').length, 1, stderr)
    assert.not.match(stdout, /pass|fail/)
  }
})

test('tells in 80 columns what failed, why, who asks for it and what to do next', () =>
  withPlace(1, async place => {
    const args = [...judgeArguments('broken/bytes-byte-65537.js', place), '--only', 'single', '--seed', '7']
    const { stdout } = await run('src/cli.js', ['run', '10', ...args], { COLUMNS: '80' })
    const lines = stdout.split('\n')
    assert.ok(
      lines.every(line => line.length <= 80 || !line.trimStart().includes(' ')),
      stdout
    )
    const paragraphs = stdout.replaceAll(/\n {2,4}(?=\S)/g, ' ')
    assert.match(
      paragraphs,
      /^fail single in [\d.]+ s: byte 65,537 of .* usual cause: .* asked for: client receives copy/m
    )
    assert.match(paragraphs, /^all that was seen of single: \S+single\.json$/m)
    assert.match(paragraphs, /^what the program wrote: \S+single\/stdout\.log, stderr\.log$/m)
    assert.match(paragraphs, /^to repeat it: pnpm stages run 10 --only single --seed 7 --quick --target /m)
  }))

test('shows what it would do, and does nothing of it', () =>
  withPlace(2, async place => {
    const file = join(place.folder, 'started')
    const args = [
      '--target',
      `touch '${file}'`,
      '--ports',
      place.ports.join(','),
      '--evidence',
      join(place.folder, 'e'),
    ]
    const more = ['--json', join(place.folder, 'json'), '--env', 'MODE=fast', '--cwd', place.folder, '--seed', '42']
    const planned = await stages('run', '10', '--dry-run', ...args, ...more, '--repeat', '3', '--start-timeout', '3s')
    assert.is(planned.code, 0, planned.stderr)
    for (const line of [
      `target      touch '${file}'`,
      `folder      ${place.folder}`,
      'environment that of this shell, MODE=fast',
      `ports       ${place.ports.join(', ')} of 127.0.0.1 or ::1`,
      'seed        42, and 2 more derived from it',
      'start       with /bin/sh, anew for each test; has to listen within 3 s',
      'scale       full',
    ]) {
      assert.ok(planned.stdout.split('\n').includes(line), `${line}\n${planned.stdout}`)
    }
    for (const id of ['start', ...ids]) assert.match(planned.stdout, new RegExp(`│ ${id} +│ \\d+ s`))
    assert.match(planned.stdout, /\nduration {4}about \d+m.* for 3 runs\n/)
    assert.equal(readdirSync(place.folder), [], 'nothing was started or written')

    const one = await stages('run', '10', '--dry-run', '--only', 'cpu', '--attach', 'localhost')
    assert.match(one.stdout, /^attach to +127\.0\.0\.1; CPU and memory stay unknown without --pid/m)
    assert.not.match(one.stdout, /│ memory/)
  }))

test('names the protocol and the engine for our own server', async () => {
  const { stdout } = await stages('run', '9', '--dry-run', '--engine', 'uring', '--quick')
  assert.match(stdout, /^target .* --protocol reverse --engine uring$/m)
})

test('judges in parts, as turbo does: begin, each test alone, verdict', () =>
  withPlace(2, async place => {
    const common = judgeArguments('broken/bytes-byte-65537.js', place)
    const verdict = () => stages('verdict', '10', ...common)
    const before = await verdict()
    assert.is(before.code, 1)
    assert.match(before.stdout, /0 passed, 7 failed\n$/)

    assert.is((await stages('begin', '10', ...common)).code, 0)
    const failed = await run('suites/stage10/single.js', common)
    assert.is(failed.code, 1)
    assert.match(failed.stdout, /^fail single in .*: byte 65,537/m)
    assert.match(failed.stdout, /0 passed, 1 failed\n$/)
    const passed = await run('suites/stage10/multiple.js', common)
    assert.is(passed.code, 0, passed.stdout)
    assert.match(passed.stdout, /1 passed, 0 failed\n$/)

    const after = await verdict()
    assert.is(after.code, 1)
    assert.match(after.stdout, /│ multiple +│ pass/)
    assert.match(after.stdout, /^fail single in/m)
    assert.match(after.stdout, /^missing cpu: it left no result in this run$/m)
    assert.match(after.stdout, /2 passed, 5 failed\n$/)
  }))

test('tries no part of a program that does not start', () =>
  withPlace(1, async place => {
    const common = judgeArguments('broken/start-dies-at-once.js', place)
    assert.is((await stages('begin', '10', ...common)).code, 1)
    const single = await run('suites/stage10/single.js', common)
    assert.is(single.code, 1)
    assert.match(single.stdout, /^unknown single in 0\.0 s: not tried, since the program did not start/m)
    const environment = { STAGE_JSON: 'verdict.json', INIT_CWD: place.folder }
    await run('src/cli.js', ['verdict', '10', ...common], environment)
    const { verdict, tests } = JSON.parse(readFileSync(join(place.folder, 'verdict.json'), 'utf8')) as ResultDocument
    assert.is(verdict, 'fail')
    assert.equal(
      tests.map(({ id }) => id),
      ['start', 'single']
    )
  }))

test('takes its settings from the environment as well', () =>
  withPlace(2, async ({ ports, folder }) => {
    const environment = {
      STAGE_TARGET: fixtureCommand('correct/plain.js'),
      STAGE_PORTS: ports.join(','),
      STAGE_QUICK: '1',
      STAGE_SEED: '5',
      STAGE_EVIDENCE: folder,
      ...portsEnvironment(ports),
    }
    const { code, stdout } = await run('suites/stage10/single.js', [], environment)
    assert.is(code, 0, stdout)
    assert.match(stdout, /seed 5$/m)
    assert.match(stdout, /^quick: /m)
    const wrong = await run('suites/stage10/single.js', [], { STAGE_QUICK: 'maybe' })
    assert.is(wrong.code, 2)
    assert.match(wrong.stderr, /--quick: 'maybe' is not a switch; expected 1 or 0/)
  }))

test.run()
