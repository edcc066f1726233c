import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { eventually } from './client.js'
import { run, ServerProcess, withServerProcess } from './server-process.js'
import { engines } from './with-server.js'

const test = suite('command line', { timeLimit: 20_000 })

async function expectRefusal(args: readonly string[], code: number, message: RegExp): Promise<void> {
  const ending = await run(args)
  const shown = `${args.join(' ')}: ${ending.stderr}`
  assert.is(ending.code, code, shown)
  assert.is(ending.stdout, '', shown)
  assert.match(ending.stderr, message)
  assert.match(ending.stderr, /^server: [^\n]+\n$/, `one line: ${shown}`)
}

/** Starts a program that listens on a port of its own, in a process of its own. */
async function withHolder(body: (port: number, pid: number) => Promise<void>): Promise<void> {
  const program =
    "require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })"
  const holder = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    const port = await new Promise<number>(resolve => holder.stdout.once('data', text => resolve(Number(text))))
    await body(port, holder.pid as number)
  } finally {
    holder.kill('SIGKILL')
  }
}

test('one line on stdout when it listens, and nothing else for a client that comes and goes', async () => {
  await withServerProcess(['--pipe-threshold', '64k', '--engine', 'epoll'], async ({ server, port, connect }) => {
    const client = await connect()
    void client.write(Buffer.from('hello'))
    assert.is((await client.read(5)).toString(), 'hello')
    client.reset()
    server.signal('SIGTERM')
    const { code, stdout, stderr } = await server.end()
    assert.is(code, 0)
    const how = 'engine epoll, pipe threshold 64 KiB'
    assert.is(stdout, `server: listening on 127.0.0.1:${port} (${how}), pid ${server.pid}\n`)
    assert.match(stderr, /^[^\n]*SIGTERM: no longer accepting[^\n]*\n[^\n]*stopped[^\n]*\n$/)
  })
})

test('several ports in one line', async () => {
  const server = ServerProcess.start(['--ports', '0,0', '--host', 'localhost'])
  try {
    assert.is((await server.ports()).length, 2)
  } finally {
    server.signal('SIGTERM')
    await server.end()
  }
})

test('--log-format json: the notice and the log are JSON lines', async () => {
  const server = ServerProcess.start(['--ports', '0', '--log-format', 'json', '--engine', 'node'])
  try {
    const line = await eventually(
      'the notice',
      () => server.stdout,
      text => text.endsWith('\n')
    )
    const { ports, ...notice } = JSON.parse(line)
    assert.equal(notice, {
      event: 'listening',
      pid: server.pid,
      host: '127.0.0.1',
      protocol: 'echo',
      engine: 'node',
      pipeThreshold: 2 ** 20,
    })
    assert.is(ports.length, 1)
    server.signal('SIGUSR2')
    const entry = JSON.parse(
      await eventually(
        'the statistics',
        () => server.stderr,
        text => text.endsWith('\n')
      )
    )
    assert.is(entry.event, 'stats')
    assert.is(entry.open, 0)
    assert.type(entry.turns, 'number')
  } finally {
    server.signal('SIGTERM')
    assert.is((await server.end()).code, 0)
  }
})

test('--ready-fd: a JSON line, then the end of the stream', async () => {
  const started = ['--ready-fd', '3', '--host', '127.0.0.1']
  await withServerProcess(
    started,
    async ({ server, port }) => {
      const notice = await server.notice()
      assert.ok(notice.endsWith('\n'))
      const { event, pid, ports } = JSON.parse(notice)
      assert.equal({ event, pid, ports }, { event: 'listening', pid: server.pid, ports: [port] })
    },
    { withPipe: true }
  )
})

test('a port that is taken: names the port and who holds it', () =>
  withHolder(async (port, pid) => {
    const message = new RegExp(`port ${port} of 127\\.0\\.0\\.1 is taken by process ${pid} \\(.*node.*\\)`)
    for (const engine of engines) await expectRefusal(['--ports', `0,${port}`, '--engine', engine], 1, message)
  }))

test('an address that is not ours, a name that is none', async () => {
  await expectRefusal(['--ports', '0', '--host', '203.0.113.1'], 1, /203\.0\.113\.1 is not an address of this machine/)
  await expectRefusal(['--ports', '0', '--host', 'no-such-host.invalid'], 1, /'no-such-host\.invalid' has no address/)
  await expectRefusal(['--ports', '0', '--host', '::1%lo'], 1, /'::1%lo' is an address of one interface/)
})

const lowestFreePort = Number(
  await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'latin1').catch(() => 1024)
)
if (process.getuid?.() === 0 || lowestFreePort <= 1) {
  test.skip('a privileged port', 'this user may listen on any')
} else {
  test('a privileged port', () => expectRefusal(['--ports', '1'], 1, /port 1 of 127\.0\.0\.1 needs a privilege/))
}

test(
  'what cannot be understood: one line, exit code 2',
  async () => {
    const mistakes: [args: string, message: RegExp][] = [
      ['--ports 8001-', /--ports: '8001-' is not a list of ports/],
      ['--ports 70000', /70000/],
      ['--ports 9000,9000', /twice/],
      ['--pipe-threshold banana', /--pipe-threshold: 'banana' is not a size/],
      ['--pipe-threshold 0', /--pipe-threshold: .*expected 1 byte to 4 GiB/],
      ['--pipe-threshold 5g', /--pipe-threshold: .*expected 1 byte to 4 GiB/],
      ['--backlog 0', /--backlog: .*expected at least 1/],
      ['--idle-timeout 5', /--idle-timeout: '5' is not a duration/],
      ['--idle-timeout 0', /--idle-timeout: .*expected at least 1ms/],
      ['--max-connections 0', /--max-connections: .*expected at least 1/],
      ['--grace soon', /--grace: 'soon' is not a duration/],
      ['--stats 0', /--stats: .*expected at least 1ms/],
      ['--engine magic', /--engine: 'magic' is not a choice/],
      ['--log-level loud', /--log-level/],
      ['--ready-fd 1', /--ready-fd 1: expected a descriptor from 3 up/],
      ['--ready-fd 99', /--ready-fd 99: there is no such descriptor/],
      ['--ready-fd three', /--ready-fd/],
      ['--prots 8001', /unknown option --prots; did you mean --ports/],
      ['--host=', /--host: '' is no host/],
      ['8001', /8001/],
    ]
    for (const [args, message] of mistakes) await expectRefusal(args.split(' '), 2, message)
  },
  { timeLimit: 60_000 }
)

test('--help fits 80 columns and says what a user has to know', async () => {
  const { code, stdout } = await run(['--help'])
  assert.is(code, 0)
  for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
  for (const word of ['--ports', 'backlog', 'SIGUSR2', 'second signal', '130', '--ready-fd']) assert.match(stdout, word)
})

test.run()
