import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { loadgen } from './run-loadgen.js'
import { withServer } from './with-server.js'

const test = suite('loadgen on the command line', { timeLimit: 20_000 })

const lines = (output: string) => output.trimEnd().split('\n')

test('a stream: resolved numbers on stderr, results on stdout, exit code 0', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const { code, stdout, stderr } = await loadgen(['stream', `${port}`, '--size', '4m', '--seed', '12'])
    assert.is(code, 0)
    assert.match(stderr, /4 MiB \(4,194,304 bytes\) over one connection/)
    assert.match(stderr, /seed 12\n/)
    assert.match(stdout, /^verdict +ok$/m)
    assert.match(stdout, /^verified +4 MiB \(4,194,304 bytes\)$/m)
    assert.not.match(stdout, /seed/)
    assert.not.match(stderr, /verdict/)
  })
})

test('--json: nothing but JSON on stdout', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const { code, stdout } = await loadgen(['stream', `${port}`, '--size', '1MB', '--json'])
    assert.is(code, 0)
    const report = JSON.parse(stdout)
    assert.is(report.verdict, 'ok')
    assert.is(report.verified, 1_000_000)
    assert.is(report.plan.size, 1_000_000)
    assert.type(report.plan.seed, 'number')
  })
})

test('--json FILE: the report is in the file, the results on stdout', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'loadgen-'))
  try {
    await withServer({ kind: 'flip', at: 5, span: 1 }, async ({ port }) => {
      const file = join(folder, 'report.json')
      const { code, stdout } = await loadgen(['stream', `${port}`, '--size', '1m', '--json', file])
      assert.is(code, 3)
      assert.match(stdout, /^verdict +wrong bytes came back$/m)
      assert.is(JSON.parse(readFileSync(file, 'utf8')).failures[0].mismatch.offset, 5)
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('wrong bytes: exit code 3, the offset, and the bytes around it', async () => {
  await withServer({ kind: 'flip', at: 70_000, span: 1 }, async ({ port }) => {
    const { code, stdout, stderr } = await loadgen(['stream', `${port}`, '--size', '1m'])
    assert.is(code, 3)
    const last = lines(stderr).at(-1) as string
    assert.match(last, /^loadgen: 127\.0\.0\.1:\d+: wrong bytes at offset 70,000: one byte was altered \(sent 0x/)
    assert.match(stdout, /^ +70000 {2}expected( {2}|[0-9a-f ]){16}.*\n +received/m)
    assert.match(stdout, /\^\^/)
  })
})

test('the server is killed in the middle: exit code 4 and the offset reached', async () => {
  await withServer({ kind: 'none' }, async server => {
    const { code, stderr, stdout } = await loadgen(['stream', `${server.port}`, '--size', '1t'], () => {
      server.process.kill('SIGKILL')
    })
    assert.is(code, 4)
    const last = lines(stderr).at(-1) as string
    assert.match(
      last,
      /: (connection reset \(E[A-Z]+\)|closed by the server) after [\d,]{7,} bytes sent, [\d,]{7,} verified$/
    )
    assert.match(stdout, /^verdict +a connection failed$/m)
  })
})

test('Ctrl-C: the report so far, exit code 130', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const { code, stdout } = await loadgen(['stream', `${port}`, '--size', '1t'], child => {
      child.kill('SIGINT')
    })
    assert.is(code, 130)
    assert.match(stdout, /^verdict +stopped/m)
    assert.match(stdout, /^verified +[\d.]+ [MG]iB/m)
  })
})

test('Ctrl-C before a start that was fixed: an empty report at once, exit code 130', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const startAt = `${Date.now() + 3_600_000}`
    const { code, stdout } = await loadgen(['ping-pong', `${port}`, '--start-at', startAt], child => {
      child.kill('SIGINT')
    })
    assert.is(code, 130)
    assert.match(stdout, /^verdict +stopped/m)
    assert.match(stdout, /^connections +0 of 64 established/m)
  })
})

test('Ctrl-C in the middle of ping-pong: what was measured so far, exit code 130', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const { code, stdout } = await loadgen(['ping-pong', `${port}`, '--threads', '2', '--json'], child => {
      child.kill('SIGINT')
    })
    assert.is(code, 130)
    const report = JSON.parse(stdout)
    assert.is(report.verdict, 'stopped')
    assert.ok(report.measured.messages > 0 && report.latency.fromSend !== undefined)
  })
})

test('strings: the seed repeats the run', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const words = ['strings', `${port}`, '--clients', '3', '--messages', '10', '--size', '1..1k', '--json']
    const first = await loadgen(words)
    assert.is(first.code, 0)
    const { plan, sent } = JSON.parse(first.stdout)
    assert.match(first.stderr, new RegExp(`seed ${plan.seed}\\n`))
    const again = await loadgen([...words, '--seed', `${plan.seed}`])
    assert.is(JSON.parse(again.stdout).sent, sent)
  })
})

test('idle and vanish report what they did', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const idle = await loadgen(['idle', `${port}`, '--clients', '20', '--duration', '100ms'])
    assert.is(idle.code, 0)
    assert.match(idle.stdout, /^connections +20 of 20 established in [\d.]+m?s, 20 at once, 20 completed$/m)
    const vanish = await loadgen(['vanish', `${port}`, '--how', 'fin', '--clients', '5'])
    assert.is(vanish.code, 0)
    assert.match(vanish.stdout, /^connections +5 of 5 established in [\d.]+m?s, \d at once, 5 completed$/m)
  })
})

test('a stalled client ends with its duration, exit code 0', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const { code, stdout } = await loadgen(['stream', `${port}`, '--size', '4g', '--no-read', '--duration', '700ms'])
    assert.is(code, 0)
    assert.match(stdout, /^unread +[\d.]+ [MK]iB are with the server and the kernels$/m)
  })
})

test('nobody listens: one line, exit code 4', async () => {
  const port = await withServer({ kind: 'none' }, async server => server.port)
  const { code, stderr } = await loadgen(['strings', `${port}`, '--clients', '50'])
  assert.is(code, 4)
  assert.match(lines(stderr).at(-1) as string, new RegExp(`^loadgen: 127\\.0\\.0\\.1:${port}: connection refused$`))
})

const mistakes: readonly (readonly [name: string, words: readonly string[], message: RegExp])[] = [
  ['a bad size', ['stream', '8001', '--size', '4x'], /--size: '4x' is not a size/],
  ['a missing size', ['stream', '8001'], /--size or --duration/],
  ['a bad port list', ['stream', '8001-7000', '--size', '1m'], /8001-7000/],
  ['a bad target', ['stream', 'one:two', '--size', '1m'], /'one:two' is not an address/],
  ['no target', ['idle'], /missing/],
  ['no workload', [], /expected a workload: ping-pong, kv, stream, strings, churn, crowd, idle, slow, vanish/],
  ['an unknown workload', ['steam', '8001'], /stream/],
  ['an unknown option', ['stream', '8001', '--sise', '4g'], /--sise.*--size/],
  ['a directory for the report', ['idle', '8001', '--json', tmpdir()], /--json: cannot write .*EISDIR/],
  ['too many connections', ['idle', '8001', '--clients', '10m'], /10,000,000 connections need .* ulimit -n/],
  ['too high a rate of connections', ['churn', '8001', '--rate', '10m'], /TIME_WAIT.*--rst/],
  ['a bad rate', ['ping-pong', '8001', '--rate', '0'], /--rate: '0' is not a rate/],
  ['a ramp without its time', ['ping-pong', '8001', '--rate', '1..9', '--requests', '5'], /--duration to change in/],
  ['arrivals without a rate', ['ping-pong', '8001', '--arrivals', 'poisson'], /poisson is of no use without --rate/],
  ['two messages', ['ping-pong', '8001', '--message', 'a', '--message-file', 'b'], /exclude each other/],
  ['a message and its size', ['crowd', '8001', '--message', 'a', '--size', '5'], /--size and --message exclude/],
  ['no such message file', ['churn', '8001', '--message-file', '/nowhere'], /--message-file: .*ENOENT/],
  ['a bad reply', ['crowd', '8001', '--reply', '('], /--reply: '\(' is not a regular expression/],
  ['no such protocol', ['crowd', '8001', '--protocol', 'ftp'], /--protocol ftp: expected one of echo, reverse, ack, j/],
  ['a user of nothing', ['churn', '8001', '--user', 'foobar'], /--user is of no use with --protocol echo/],
  ['a bad user', ['crowd', '8001', '--protocol', 'journal', '--user', 'a:b'], /--user 'a:b': expected printable/],
  [
    'a reply and a protocol',
    ['crowd', '8001', '--protocol', 'ack', '--reply', 'ack'],
    /--reply and --protocol exclude/,
  ],
  [
    'a line within a line',
    ['ping-pong', '8001', '--protocol', 'reverse', '--message', String.raw`one\n`],
    /--message: a line has no newline inside; --protocol reverse frames it/,
  ],
  ['a charset of too much', ['churn', '8001', '--protocol', 'ack', '--charset', 'all'], /--charset all: .* no ETX/],
  [
    'a message that says goodbye',
    ['crowd', '8001', '--protocol', 'ack', '--message', 'goodbye'],
    /--message: goodbye ends the connection/,
  ],
  ['a crowd in segments', ['crowd', '8001', '--segment', '1/2', '--seed', '1'], /cannot be proved in segments/],
  ['a bad segment', ['ping-pong', '8001', '--segment', '3/2'], /--segment: '3\/2' is not a segment/],
  ['a share of nobody knows what', ['ping-pong', '8001', '--segment', '1/4'], /--segment 1\/4 needs --seed, the same/],
  ['a moment that is over', ['idle', '8001', '--start-at', '2020-01-01'], /--start-at: '2020-01-01' is over; expected/],
  ['nothing to measure', ['ping-pong', '8001', '--requests', '0'], /--requests: '0' is nothing to measure/],
  [
    'thresholds on what is not measured',
    ['stream', '8001', '--size', '1m', ...['rps>5', 'memory<1g', 'late==0'].flatMap(text => ['--threshold', text])],
    /rps>5: stream has no messages.*memory<1g: without --monitor.*late==0: without --rate there is no schedule/,
  ],
  ['an address of somebody else', ['idle', '8001', '--source-ip', '192.0.2.1'], /192\.0\.2\.1 cannot be bound to/],
  ['a bad moment', ['ping-pong', '8001', '--start-at', 'soon'], /--start-at: 'soon' is not a moment/],
  [
    'more threads than connections',
    ['idle', '8001', '--clients', '3', '--threads', '4'],
    /cannot be shared by 4 threads/,
  ],
  ['a bad source', ['idle', '8001', '--source-ip', '127.0.0.x'], /--source-ip: '127.0.0.x' is not an IP address/],
  ['a bad switch', ['idle', '8001', '--nodelay', 'yes'], /--nodelay: 'yes' is not a switch; expected on or off/],
  ['a process that is none', ['idle', '8001', '--monitor', '0'], /--monitor: '0' is not a process/],
  ['a process that is gone', ['idle', '8001', '--monitor', '999999999'], /--monitor: no process with pid 999999999/],
  ['slower than patience', ['slow', '8001', '--every', '1m'], /no less than the --stall-timeout/],
  ['a bad charset', ['strings', '8001', '--charset', 'z-a'], /--charset: 'z-a' .* runs backwards/],
  ['a bad way to vanish', ['vanish', '8001', '--how', 'away'], /--how away: expected one of rst, fin/],
  ['a bad engine', ['idle', '8001', '--engine', 'steam'], /--engine: 'steam' is not an engine/],
  ['a bad seed', ['idle', '8001', '--seed', 'x'], /--seed: 'x' is not a seed/],
  ['contradictions', ['stream', '8001', '--size', '1m', '--no-read', '--read-later', '1s'], /exclude each other/],
]
for (const [name, words, message] of mistakes) {
  test(`${name}: one line, exit code 2`, async () => {
    const { code, stdout, stderr } = await loadgen(words)
    assert.match(stderr, message)
    assert.is(code, 2)
    assert.is(lines(stderr).length, 1)
    assert.is(stdout, '')
  })
}

test('several mistakes are told at once', async () => {
  const { code, stderr } = await loadgen(['stream', '8001', '--size', 'a', '--connections', 'b', '--seed', 'c'])
  assert.is(code, 2)
  for (const option of ['--size', '--connections', '--seed']) assert.match(stderr, option)
  const rules = await loadgen(['strings', '8001', '--clients', '0', '--messages', '0', '--size', '0..5'])
  assert.match(rules.stderr, /--clients 0.*--messages 0.*--size 0/)
})

test('a name that does not resolve: one line, exit code 4', async () => {
  const { code, stderr } = await loadgen(['idle', 'no-such-host.invalid:8001'])
  assert.is(code, 4)
  assert.is(lines(stderr).length, 1)
  assert.match(stderr, /no-such-host\.invalid/)
})

test.run()
