import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type Ended, fixture, runs, withProgram } from './program.js'

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
    const command = ['sh', '-c', `${process.execPath} ${fixture('burner.js')} alone 0.5 2; exit 7`]
    const { code, stdout, stderr } = await run('--interval', '100ms', '--json', json, '--', ...command)
    assert.is(code, 7)
    assert.match(stdout, /ended with exit code 7/)
    assert.match(stdout, /CPU, % of one core/)
    assert.match(stderr, /^\d+\.\ds {2}cpu /m)
    const document = JSON.parse(readFileSync(json, 'utf8'))
    assert.is(document.end.exitCode, 7)
    assert.ok(document.samples.length > 3)
    assert.ok(document.end.cpuSeconds > 0)
    assert.ok(document.ownCost.rssBytes > 0)
  })
})

test('writes one CSV row for each sample', async () => {
  await inFolder(async folder => {
    const csv = join(folder, 'run.csv')
    const { code } = await run('--interval', '50ms', '--duration', '2s', '--csv', csv, '--', 'sleep', '30')
    assert.is(code, 0)
    const [header, ...rows] = readFileSync(csv, 'utf8').trim().split('\n')
    assert.match(header as string, /^atMilliseconds,cpuPercent,/)
    assert.ok(rows.length >= 3)
    for (const row of rows) assert.is(row.split(',').length, header?.split(',').length)
  })
})

/** Watches a command and everything that it starts until the first samples are shown. */
async function watching(words: string[], body: (monitor: ChildProcess, ended: Promise<Ended>) => Promise<void>) {
  await withProgram([cli, '--interval', '50ms', ...words], async (child, ended) => {
    await new Promise<void>(resolve => {
      let shown = 0
      child.stderr?.on('data', () => ++shown === 5 && resolve())
      child.once('exit', () => resolve())
    })
    await body(child, ended)
  })
}

/** The processes that the last sample saw. */
function seenIn(json: string): number[] {
  return JSON.parse(readFileSync(json, 'utf8'))
    .samples.at(-1)
    .processes.map(({ pid }: { pid: number }) => pid)
}

test('ends the command and what that has started when the time is over', async () => {
  await inFolder(async folder => {
    const json = join(folder, 'run.json')
    const command = ['sh', '-c', 'sleep 60 & sleep 60; true']
    const { code, stdout } = await run('--duration', '1s', '--json', json, '--', ...command)
    assert.is(code, 0)
    assert.match(stdout, /still running/)
    const pids = seenIn(json)
    assert.is(pids.length, 3)
    for (const pid of pids) assert.not(runs(pid), `${pid} still runs`)
  })
})

test('gives the summary so far on Ctrl-C, ends its command, and exits 130', async () => {
  await inFolder(async folder => {
    const json = join(folder, 'run.json')
    await watching(['--json', json, '--', 'sleep', '60'], async (child, ended) => {
      child.kill('SIGINT')
      const { code, stdout } = await ended
      assert.is(code, 130)
      assert.match(stdout, /interrupted/)
      assert.match(stdout, /CPU, % of one core/)
      for (const pid of seenIn(json)) assert.not(runs(pid), `${pid} still runs`)
    })
  })
})

test('ends what does not want to end, at once when asked twice', async () => {
  await inFolder(async folder => {
    const json = join(folder, 'run.json')
    await watching(['--json', json, '--', process.execPath, fixture('stubborn.js')], async (child, ended) => {
      child.kill('SIGINT')
      await new Promise(resolve => child.stdout?.once('data', resolve))
      const askedTwice = performance.now()
      child.kill('SIGINT')
      assert.is((await ended).code, 130)
      assert.ok(performance.now() - askedTwice < 8_000, 'it waited for its patience to end')
      for (const pid of seenIn(json)) assert.not(runs(pid), `${pid} still runs`)
    })
  })
})

test('leaves a process alone that it did not start', async () => {
  await withProgram(['-e', 'setTimeout(() => {}, 60_000)'], async target => {
    await watching(['--pid', String(target.pid)], async (child, ended) => {
      child.kill('SIGINT')
      assert.is((await ended).code, 130)
      assert.ok(runs(target.pid as number))
    })
  })
})

test('ends with its process, and says so', async () => {
  await withProgram(['-e', 'setTimeout(() => {}, 60_000)'], async target => {
    await watching(['--pid', String(target.pid)], async (_child, ended) => {
      target.kill('SIGKILL')
      const { code, stdout } = await ended
      assert.is(code, 0)
      assert.match(stdout, `pid ${target.pid}: ended\n`)
    })
  })
})

test('names the signal that ended the command, and passes it on as a shell does', async () => {
  const { code, stdout } = await run('--', 'sh', '-c', 'kill -SEGV $$')
  assert.is(code, 139)
  assert.match(stdout, /ended by SIGSEGV/)
})

test('names what the command leaves behind', async () => {
  const { code, stdout } = await run('--interval', '50ms', '--', 'sh', '-c', 'sleep 5 >/dev/null 2>&1 & sleep 1')
  const left = Number(stdout.match(/still runs: pid (\d+)$/m)?.[1])
  assert.is(code, 0)
  assert.ok(runs(left))
  process.kill(left, 'SIGKILL')
})

test('knows all CPU time of a command, however brief', async () => {
  await inFolder(async folder => {
    const json = join(folder, 'run.json')
    const { stdout } = await run('--json', json, '--', process.execPath, fixture('burner.js'), 'brief', '1', '0.1')
    const told = [...stdout.matchAll(/^\{"own":(.*)\}$/gm)].reduce((sum, [, own]) => sum + Number(own), 0)
    const { cpuSeconds } = JSON.parse(readFileSync(json, 'utf8')).end
    assert.ok(told > 0.3)
    assert.ok(Math.abs(cpuSeconds - told) <= 0.1 + 0.05 * told, `${cpuSeconds} s of ${told} s`)
  })
})

test('writes whole files also for a command that is over at once', async () => {
  await inFolder(async folder => {
    const [json, csv] = [join(folder, 'run.json'), join(folder, 'run.csv')]
    assert.is((await run('--json', json, '--csv', csv, '--', 'true')).code, 0)
    assert.is(JSON.parse(readFileSync(json, 'utf8')).end.exitCode, 0)
    assert.match(readFileSync(csv, 'utf8'), /^atMilliseconds,/)
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
