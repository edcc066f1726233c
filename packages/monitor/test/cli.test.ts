import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type Ended, fixture, withProgram } from './program.js'

const test = suite('monitor on the command line', { timeLimit: 20_000 })

const cli = fileURLToPath(new URL('../src/cli.js', import.meta.url))

function run(...words: string[]): Promise<Ended> {
  return withProgram([cli, ...words], (_child, ended) => ended)
}

async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'monitor-'))
  try {
    await body(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('watches a command to its end and passes its exit code on', async () => {
  await inFolder(async folder => {
    const json = join(folder, 'run.json')
    const command = ['sh', '-c', `${process.execPath} ${fixture('burner.js')} alone 0.5 1; exit 7`]
    const { code, stdout, stderr } = await run('--interval', '100ms', '--json', json, '--', ...command)
    assert.is(code, 7)
    assert.match(stdout, /ended with exit code 7/)
    assert.match(stdout, /CPU, % of one core/)
    assert.match(stderr, /^\d+\.\ds {2}cpu /m)
    const document = JSON.parse(readFileSync(json, 'utf8'))
    assert.is(document.end.exitCode, 7)
    assert.ok(document.samples.length > 3)
    assert.ok(document.summary.cpuSeconds > 0.2)
    assert.ok(document.ownCost.rssBytes > 0)
  })
})

test('writes one CSV row for each sample', async () => {
  await inFolder(async folder => {
    const csv = join(folder, 'run.csv')
    const { code } = await run('--interval', '100ms', '--duration', '600ms', '--csv', csv, '--', 'sleep', '30')
    assert.is(code, 0)
    const [header, ...rows] = readFileSync(csv, 'utf8').trim().split('\n')
    assert.match(header as string, /^atMilliseconds,cpuPercent,/)
    assert.ok(rows.length >= 3)
    for (const row of rows) assert.is(row.split(',').length, header?.split(',').length)
  })
})

test('ends the command that it started when the time is over', async () => {
  const started = performance.now()
  const { stdout } = await run('--duration', '300ms', '--', 'sleep', '60')
  assert.match(stdout, /still running/)
  assert.throws(() => process.kill(Number(stdout.match(/\(pid (\d+)\)/)?.[1]), 0), /ESRCH/)
  assert.ok(performance.now() - started < 15_000)
})

test('gives the summary so far on Ctrl-C, ends its command, and exits 130', async () => {
  await withProgram([cli, '--interval', '100ms', '--', 'sleep', '60'], async (child, ended) => {
    await new Promise(resolve => setTimeout(resolve, 800))
    child.kill('SIGINT')
    const { code, stdout } = await ended
    assert.is(code, 130)
    assert.match(stdout, /interrupted/)
    assert.match(stdout, /CPU, % of one core/)
    assert.throws(() => process.kill(Number(stdout.match(/\(pid (\d+)\)/)?.[1]), 0), /ESRCH/)
  })
})

test('passes on the exit code of a command that is over at once', async () => {
  assert.is((await run('--', 'sh', '-c', 'exit 9')).code, 9)
})

for (const [what, words, code, message] of [
  ['a pid that nobody has', ['--pid', String(2 ** 22 + 1)], 1, /^monitor: no process with pid 4194305/],
  ['no target', [], 2, /^monitor: nothing to watch.*--pid N or -- COMMAND/],
  ['two targets', ['--pid', '1', '--', 'true'], 2, /^monitor: nothing to watch, or two things/],
  ['a pid that is none', ['--pid', 'abc'], 2, /^monitor: --pid: 'abc'/],
  ['a bad interval', ['--pid', '1', '--interval', 'soon'], 2, /^monitor: --interval: 'soon' is not a duration/],
  ['an interval that is too short', ['--pid', '1', '--interval', '1ms'], 2, /at least 50ms/],
  ['a mistyped option', ['--pidd', '1'], 2, /did you mean --pid\?/],
  [
    'a program that does not exist',
    ['--', '/no/such/program'],
    1,
    /cannot start '\/no\/such\/program': no such program/,
  ],
  ['a file that cannot be written', ['--json', '/no/such/folder/x', '--', 'true'], 1, /ENOENT.*\/no\/such\/folder\/x/],
] as const) {
  test(`answers ${what} with one line`, async () => {
    const ended = await run(...words)
    assert.is(ended.code, code)
    assert.match(ended.stderr, message)
    assert.is(ended.stderr.trim().split('\n').length, 1)
    assert.is(ended.stdout, '')
  })
}

test.run()
