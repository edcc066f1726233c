import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import which from 'which'
import type { BenchReport } from '../src/report.js'
import { withCompiler } from './compiler.js'

const test = suite('command line')
const timeLimit = 60_000

interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

interface RunSettings {
  readonly environment?: Readonly<Record<string, string>>
  /** Sees what the program says on stderr, as it comes. */
  readonly onError?: (text: string, pid: number) => void
}

/** Runs the program to its end. */
async function run(args: readonly string[], { environment, onError }: RunSettings = {}): Promise<Outcome> {
  const program = fileURLToPath(new URL('../src/cli.js', import.meta.url))
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, NO_COLOR: '1', ...environment } })
  child.stderr.setEncoding('utf8').on('data', said => onError?.(said, child.pid as number))
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { code: code as number, stdout, stderr }
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'))
  try {
    await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A folder that has the named tools of this machine and nothing else. */
async function linkTools(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = await which(name, { nothrow: true })
    if (path !== null) symlinkSync(path, join(folder, name))
  }
}

withCompiler(
  test,
  'two contenders, one case: table, JSON, HTML and Markdown',
  () =>
    inFolder(async folder => {
      const files = ['json', 'html', 'markdown'].map(name => join(folder, name))
      const [json = '', html = '', markdown = ''] = files
      const { code, stdout, stderr } = await run([
        ...['--quick', '--rounds', '2', '--only', 'requests-1x64,c-epoll,node-net'],
        ...['--json', json, '--html', html, '--markdown', markdown],
      ])
      assert.is(code, 0, stderr)
      assert.match(stdout, /^requests-1x64: Requests per second: 1 connection, .*\(more is better\)$/m)
      assert.match(stdout, /│ node-net +│ +[\d,]+ │ .*│ +needs 6 rounds │/)
      assert.match(stdout, /│ c-epoll +│ +[\d,]+ │ .*│ +reference │/)
      assert.match(stdout, /^The machine was /m)
      assert.match(stderr, /^bench: requests-1x64, round 2$/m)

      const report = JSON.parse(readFileSync(json, 'utf8')) as BenchReport
      assert.is(report.cases.length, 1)
      const [reported] = report.cases
      assert.equal(
        reported?.contenders.map(({ name }) => name),
        ['c-epoll', 'node-net']
      )
      for (const { rounds, failures } of reported?.contenders ?? []) {
        assert.equal(failures, [])
        assert.is(rounds.length, 2)
        for (const round of rounds) {
          assert.ok(round !== null && round.messages > 0 && round.own.cpuSeconds > 0 && round.other.cpuSeconds > 0)
          assert.ok((round.own.peakMemory ?? 0) > 500_000)
          assert.is(round.values.requests, round.messages / round.seconds)
        }
      }
      assert.match(readFileSync(html, 'utf8'), /^<!doctype html>[\s\S]*<canvas id="requests-1x64"/)
      assert.match(readFileSync(markdown, 'utf8'), /^\| node-net \| [\d,]+ \|/m)
    }),
  { timeLimit }
)

withCompiler(
  test,
  'tools that are missing are told in one line each, and the rest is measured',
  () =>
    inFolder(async folder => {
      await linkTools(folder, ['sh', 'gcc', 'cc', 'clang', 'as', 'ld', 'git'])
      const { code, stdout, stderr } = await run(
        ['--quick', '--rounds', '1', '--only', 'requests-1x64,go,socat,c-epoll', '--json'],
        { environment: { PATH: folder } }
      )
      assert.is(code, 0, stderr)
      assert.match(stderr, /^bench: go skipped: go not found on PATH \(Debian: apt install golang\)$/m)
      assert.match(stderr, /^bench: socat skipped: socat not found on PATH \(Debian: apt install socat\)$/m)
      const report = JSON.parse(stdout) as BenchReport
      assert.equal(
        report.skipped.map(({ contender }) => contender),
        ['go', 'socat']
      )
      assert.equal(
        report.cases[0]?.contenders.map(({ name }) => name),
        ['c-epoll']
      )
    }),
  { timeLimit }
)

withCompiler(
  test,
  'Ctrl-C: what was measured until then, exit code 130, nothing left running',
  async () => {
    const mark = randomUUID()
    let running = 0
    // Not quick: a measurement takes three seconds, so that one is certainly under way.
    const { code, stdout } = await run(['--rounds', '1', '--only', 'requests-1x64,c-epoll', '--json'], {
      environment: { MARK: mark },
      onError(said, pid) {
        if (!said.includes('round 1')) return
        setTimeout(() => {
          running = processesWith(mark).length
          process.kill(pid, 'SIGINT')
        }, 500)
      },
    })
    assert.is(code, 130)
    const report = JSON.parse(stdout) as BenchReport
    assert.is(report.interrupted, true)
    // The round that was cut off says nothing about anybody.
    assert.equal(
      report.cases[0]?.contenders.map(({ rounds, failures }) => [rounds, failures]),
      [[[], []]]
    )
    assert.ok(running >= 3, `${running} processes: itself, the server and the load client`)
    assert.equal(processesWith(mark), [])
  },
  { timeLimit }
)

withCompiler(
  test,
  'SIGTERM: exit code 143, nothing left running',
  async () => {
    const mark = randomUUID()
    try {
      const { code } = await run(['--rounds', '1', '--only', 'requests-1x64,c-epoll', '--json'], {
        environment: { MARK: mark },
        onError(said, pid) {
          if (said.includes('round 1')) setTimeout(() => process.kill(pid, 'SIGTERM'), 500)
        },
      })
      assert.is(code, 143)
      // Those that were killed take a moment to be gone.
      for (let look = 0; look < 50 && processesWith(mark).length > 0; look++) await sleep(20)
      assert.equal(processesWith(mark), [])
    } finally {
      for (const pid of processesWith(mark)) process.kill(Number(pid), 'SIGKILL')
    }
  },
  { timeLimit }
)

/** Processes that were started with this text in their environment, as only children of a test are. */
function processesWith(mark: string): string[] {
  return readdirSync('/proc').filter(name => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/environ`, 'utf8').includes(mark)
    } catch {
      return false
    }
  })
}

test('without a C compiler: one line, exit code 1', () =>
  inFolder(async folder => {
    await linkTools(folder, ['sh'])
    const { code, stdout, stderr } = await run(['--quick'], { environment: { PATH: folder } })
    assert.is(code, 1)
    assert.is(stdout, '')
    assert.match(stderr, /^bench: the load client is written in C: gcc or cc or clang not found on PATH \(.*\)\n$/)
  }))

test('list: every contender and every case', async () => {
  const { code, stdout } = await run(['list'])
  assert.is(code, 0)
  for (const name of ['c-epoll', 'sluice-epoll', 'socat', 'iperf3', 'requests-1000x4k', 'stalled-client']) {
    assert.match(stdout, new RegExp(`^ +${name} +\\S`, 'm'))
  }
})

const mistakes: readonly (readonly [what: string, args: readonly string[], message: RegExp])[] = [
  ['an unknown name', ['--only', 'c-epoll,steam'], /^bench: --only: there is no 'steam'/],
  ['no rounds', ['--rounds', '0'], /^bench: --rounds: '0' is too few; expected at least 1/],
  ['rounds that are no number', ['--rounds', 'many'], /^bench: --rounds: 'many' is not a count/],
  [
    'an unknown reference',
    ['--reference', 'c'],
    /^bench: --reference: there is no server 'c'; expected one of c-epoll/,
  ],
  ['a folder for a page', ['--html', tmpdir()], /^bench: --html: cannot write .* \(EISDIR\)/],
  ['an unknown option', ['--round', '3'], /^bench: unknown option --round; did you mean --rounds\?/],
]
for (const [what, args, message] of mistakes) {
  test(`${what}: one line, exit code 2`, async () => {
    const { code, stdout, stderr } = await run(args)
    assert.match(stderr, message)
    assert.is(code, 2)
    assert.is(stderr.trim().split('\n').length, 1)
    assert.is(stdout, '')
  })
}

test.run()
