import { createServer, type Socket } from 'node:net'
import * as fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { EchoClient } from '../src/echo-client.js'
import { judge } from '../src/judge.js'
import { reverse } from '../src/reverse-protocol.js'
import { scales } from '../src/scale.js'
import { stages } from '../src/stages.js'
import type { TestResult } from '../src/verdict.js'
import { fixtureCommand, portsEnvironment, withPlace } from './fixture.js'

const test = suite('reversal', { timeLimit: 60_000 })
const protocol = reverse(['rst', 'fin'])

/** What a client of a reversing server says about one that makes `answer` of each read. */
async function complaint(line: string, answer: (line: Buffer) => Uint8Array): Promise<string> {
  const sockets: Socket[] = []
  const server = createServer(socket => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('data', chunk => socket.write(answer(chunk)))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const client = new EchoClient({ host: '127.0.0.1', port, name: 'client 1', seed: 3, expectation: protocol })
  try {
    await client.connected()
    await client.exchange(Buffer.from(line))
    return 'nothing'
  } catch (error) {
    return (error as Error).message.replace(`port ${port}`, 'port 1')
  } finally {
    client.leave()
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
}

function reversed(line: Buffer): Buffer {
  return Buffer.from(`${[...line.toString('latin1').slice(0, -1)].reverse().join('')}\n`, 'latin1')
}

const complaints: readonly (readonly [
  line: string,
  answer: (line: Buffer) => Uint8Array,
  expected: string | RegExp,
])[] = [
  ['abc\n', reversed, 'nothing'],
  ['a\n', reversed, 'nothing'],
  [
    'abc\n',
    line => line,
    String.raw`client 1 sent "abc\n", expected "cba\n", got "abc\n": nothing was reversed (port 1)`,
  ],
  ['abc\n', line => Buffer.from(line).reverse(), /got "\\ncba": the newline was reversed too: it came first/],
  ['abc\n', line => reversed(line).subarray(0, -1), /got "cba": the newline is missing \(port 1\)$/],
  ['abc\n', line => Buffer.concat([reversed(line), Buffer.of(0)]), /got "cba\\n\\x00": 1 byte of zero follows/],
  ['abc\n', line => Buffer.concat([reversed(line), Buffer.of(10)]), /: a second newline follows \(port 1\)$/],
  ['abcd\n', () => Buffer.from('cbad\n'), /: only the first 3 of 4 characters were reversed/],
  ['abcd\n', () => Buffer.from('adcb\n'), /: all but the first character were reversed/],
  ['abcd\n', () => Buffer.from('dxba\n'), /: byte 2 of the answer differs \(port 1\)$/],
  ['abcd\n', line => reversed(line).subarray(0, 2), /got "dc": the last 3 bytes of it are missing/],
  ['abcd\n', line => reversed(line).subarray(2), /got "ba\\n": the first 2 bytes of it are missing/],
  [
    `${'0123456789'.repeat(30)}\n`,
    line => reversed(line).fill(0xff, 200, 201),
    /^client 1 sent a line of 301 bytes, expected …"3210.+"… \(301 bytes\), got …"3210\\xff.*: byte 201 of the answer differs/,
  ],
]

for (const [line, answer, expected] of complaints) {
  test(`says about ${JSON.stringify(line.slice(0, 10))} that ${expected}`, async () => {
    const actual = await complaint(line, answer)
    if (typeof expected === 'string') assert.is(actual, expected)
    else assert.match(actual, expected)
  })
}

test('sends one short line of printable characters, and takes it back reversed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 70_000 }), random => {
      const line = protocol.message(Buffer.from(random)).toString('latin1')
      assert.match(line, /^[ -~]{1,999}\n$/)
      if (random.length <= 1000) assert.is(line.length, Math.max(2, random.length))
      const answer = protocol.answer(Buffer.from(line))
      assert.equal(answer, reversed(Buffer.from(line)))
      assert.is(protocol.answer(answer).toString(), line)
    })
  )
  for (const [what, line] of protocol.difficult) assert.match(Buffer.from(line()).toString(), /^[ -~]{1,999}\n$/, what)
})

test('has something to say about every wrong answer', () => {
  const text = fc.stringMatching(/^[ -~]{1,60}$/)
  fc.assert(
    fc.property(text, fc.uint8Array({ minLength: 1, maxLength: 80 }), (line, answer) => {
      const sent = Buffer.from(`${line}\n`)
      const received = Buffer.from(answer)
      const said = protocol.diagnose?.({ sent, expected: reversed(sent), received }) ?? ''
      assert.match(said, /^sent .*, expected .*, got .*: \S.*$/)
      assert.match(said, /^[ -~…]*$/)
    })
  )
})

function judgeFixture(fixture: string, stage: number, id: string): Promise<TestResult> {
  const stageTest = stages.get(stage)?.tests.find(candidate => candidate.id === id)
  if (!stageTest) throw new Error(`stage ${stage} has no test ${id}`)
  return withPlace(2, ({ ports, folder }) =>
    judge(stageTest, {
      target: {
        command: fixtureCommand(fixture),
        environment: portsEnvironment(ports),
        hosts: ['127.0.0.1', '::1'],
        ports,
        startTimeout: 10_000,
      },
      scale: scales.quick,
      seed: 7,
      evidenceFolder: folder,
      log: () => {},
    })
  )
}

test('the stages ask for one thing after the other', () => {
  const idsOf = (stage: number) => stages.get(stage)?.tests.map(({ id }) => id)
  assert.equal(idsOf(6), ['single', 'multiple', 'errors'])
  assert.equal(idsOf(7), ['single', 'multiple', 'errors'])
  assert.equal(idsOf(8), ['nonblocking', 'single', 'multiple', 'errors'])
  assert.equal(idsOf(9), ['nonblocking', 'cpu', 'single', 'multiple', 'errors'])
  assert.equal(idsOf(10), ['nonblocking', 'cpu', 'memory', 'single', 'multiple', 'errors'])
})

for (const id of ['nonblocking', 'cpu', 'single', 'multiple', 'errors']) {
  test(`a server that reverses lines passes ${id}`, async () => {
    const { verdict, reason, measured } = await judgeFixture('correct/reverse-lines.js', 9, id)
    assert.is(verdict, 'pass', reason)
    assert.ok(Object.keys(measured).length > 0)
  })
}

const broken: readonly (readonly [fixture: string, stage: number, id: string, reason: RegExp])[] = [
  ['broken/reverse-not-at-all.js', 9, 'single', /^the only client sent "abc\\n".*: nothing was reversed \(port \d+\)$/],
  ['broken/reverse-every-97th-not.js', 6, 'single', /: nothing was reversed \(port \d+\)$/],
  ['broken/reverse-global-line.js', 7, 'multiple', /^client \d+ sent .*, expected .*, got .*/],
  ['broken/reverse-dies-of-a-reset.js', 6, 'errors', /^the program exited with status 1, .* reset their connections/],
  ['broken/reverse-spins.js', 9, 'cpu', /^used \d+\.\d % of one core/],
]

for (const [fixture, stage, id, reason] of broken) {
  test(`stage ${stage} blames ${fixture} in ${id}`, async () => {
    const result = await judgeFixture(fixture, stage, id)
    assert.is(result.verdict, 'fail', result.reason)
    assert.match(result.reason, reason)
    assert.ok(result.usualCause, 'it says what usually causes this')
  })
}

test('who spins is not blamed before stage 9', async () => {
  const { verdict, reason } = await judgeFixture('correct/reverse-lines-and-spins.js', 8, 'nonblocking')
  assert.is(verdict, 'pass', reason)
})

test.run()
