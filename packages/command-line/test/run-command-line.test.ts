import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { runProgram } from './run-program.js'

const test = suite('command line', { timeLimit: 20_000 })

for (const [words, code, line] of [
  [
    ['--pipe-threshold', '12q', 'show'],
    2,
    "--pipe-threshold: '12q' is not a size; expected bytes such as 64k, 1m or 4GB",
  ],
  [['show', '8001-'], 2, "<ports>: '8001-' is not a list of ports; expected one such as 8001-8004,9000"],
  [['--engine', 'kqueue', 'show'], 2, "--engine: 'kqueue' is not a choice; expected one of auto, epoll, node"],
  [['--engin', 'epoll', 'show'], 2, 'unknown option --engin; did you mean --engine?'],
  [['show', '--colour'], 2, 'unknown option --colour; see program show --help'],
  [['shw'], 2, "unknown command 'shw'; did you mean show?"],
  [['--workers', '5', 'shw'], 2, "unknown command 'shw'; did you mean show?"],
  [['show', '--pipe-threshold'], 2, '--pipe-threshold needs a value; see program show --help'],
  [['need', '--size'], 2, "--size: '' is not a size; expected bytes such as 64k, 1m or 4GB"],
  [['show', '--json', '--workers', '1'], 2, '--json needs a value; see program show --help'],
  [['show', '--only'], 2, '--only needs a value; see program show --help'],
  [['wait'], 2, 'missing argument; expected program wait <duration>'],
  [['need'], 2, 'missing --size; see program need --help'],
  [['show', '--engine'], 2, '--engine needs a value; expected one of auto, epoll, node'],
  [['--workers', 'many', 'show'], 2, '--workers: expected a number'],
  [
    ['--pipe-threshold', '1m', '--pipe-threshold', '2m', 'show'],
    2,
    '--pipe-threshold: given more than once; expected one value',
  ],
  [['--json', 'a', '--csv', 'b', 'show'], 2, '--json and --csv exclude each other; expected only one of them'],
  [[], 2, 'which command?'],
  [['fail'], 3, 'byte 65,537 differs'],
  [['read'], 1, "ENOENT: no such file or directory, open '/nowhere/at/all'"],
  [['connect'], 4, 'connect ECONNREFUSED 127.0.0.1:1'],
] as const) {
  test(`answers '${words.join(' ')}' with one line and exit code ${code}`, async () => {
    const ended = await runProgram(words)
    assert.is(ended.stderr, `program: ${line}\n`)
    assert.is(ended.code, code)
    assert.is(ended.stdout, '')
  })
}

test('says in one line that a name does not resolve', async () => {
  const { code, stderr } = await runProgram(['resolve'])
  assert.match(stderr, /^program: cannot resolve 'name\.invalid': .*\n$/)
  assert.is(code, 4)
})

for (const command of ['fault', 'late-fault', 'coerce-fault', 'bad-descriptor']) {
  test(`keeps the stack of our own mistake: ${command}`, async () => {
    const { code, stderr } = await runProgram([command])
    assert.is(code, 70)
    assert.match(stderr, /^program: internal fault\n/)
    assert.match(stderr, /\n {4}at /)
  })
}

test('shows the cause of our own mistake', async () => {
  assert.match((await runProgram(['fault'])).stderr, /deep below/)
})

test('ends with the exit code that the handler returns', async () => {
  assert.is((await runProgram(['return', '99'])).code, 99)
  assert.is((await runProgram(['return', '0'])).code, 0)
})

test('hands over what was parsed, under the names that were declared', async () => {
  const { stdout, code } = await runProgram(['show', '8001-8003', '--no-read', '--only', 'a', '--only', 'b', '--', 'x'])
  const parsed = JSON.parse(stdout)
  assert.is(code, 0)
  assert.equal(parsed.ports, [8001, 8002, 8003])
  assert.is(parsed['pipe-threshold'], 2 ** 20)
  assert.is(parsed['no-read'], true)
  assert.equal(parsed.only, ['a', 'b'])
  assert.equal(parsed['--'], ['x'])
})

test('helps within 80 columns, and tells its version', async () => {
  const help = await runProgram(['--help'])
  assert.is(help.code, 0)
  assert.match(help.stdout, /--pipe-threshold/)
  for (const line of help.stdout.split('\n')) assert.ok(line.length <= 80, line)
  assert.is((await runProgram(['--version'])).code, 0)
})

test('ends quietly when nobody reads its output any more', async () => {
  const { code, stderr } = await runProgram(['flood'], true)
  assert.is(code, 141)
  assert.is(stderr, '')
})

test('a lone dash behind an option is its value, and behind -- an argument', async () => {
  for (const option of ['json', 'report']) {
    const shown = JSON.parse((await runProgram(['show', `--${option}`, '-', '8001'])).stdout)
    assert.equal([shown[option], shown.ports, shown._], ['-', [8001], ['show']])
  }
  const behind = JSON.parse((await runProgram(['--json', 'a', 'show', '--', '--csv', '-'])).stdout)
  assert.equal([behind.json, behind.csv, behind['--']], ['a', undefined, ['--csv', '-']])
})

test.run()
