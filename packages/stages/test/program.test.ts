import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { waitUntil } from '../src/patience.js'
import { holderOfPort } from '../src/program/listeners.js'
import { commandLineOf, readProcess, readProcessTable } from '../src/program/process-table.js'
import { StartedProgram } from '../src/program/started-program.js'
import { Blame, Doubt } from '../src/verdict.js'
import { fixtureCommand, type Place, portsEnvironment, withPlace } from './fixture.js'

const test = suite('program', { timeLimit: 30_000 })

function launch(fixture: string, { ports, folder }: Place, options: { startTimeout?: number; command?: string } = {}) {
  return StartedProgram.start({
    command: options.command ?? fixtureCommand(fixture),
    workingDirectory: folder,
    environment: portsEnvironment(ports),
    hosts: ['127.0.0.1', '::1'],
    ports,
    startTimeout: options.startTimeout ?? 10_000,
    outputFolder: folder,
  })
}

/** Gone, or dead and not yet waited for by whoever inherited it. */
function hasEnded(pid: number): boolean {
  return (readProcess(pid)?.state ?? 'Z') === 'Z'
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

test('starts a program, waits for all its ports, and ends it with everything', () =>
  withPlace(2, async place => {
    const program = await launch('correct/supervisor.js', place)
    const members = program.tree.members()
    assert.is(members.length, 2, 'the supervisor and its worker')
    assert.is(program.host, '127.0.0.1')
    const socket = connect(place.ports[1] ?? 0, program.host)
    socket.end('hello')
    const [answer] = await once(socket, 'data')
    assert.is(String(answer), 'hello')
    const report = await program.stop()
    assert.is(report.by, 'SIGTERM')
    assert.equal(report.leftBehind, [])
    assert.ok(members.every(({ pid }) => hasEnded(pid)))
    assert.is(holderOfPort(place.ports[0] ?? 0), undefined)
  }))

test('kills what ignores SIGTERM, children included', () =>
  withPlace(1, async place => {
    const command = `trap '' TERM; ${fixtureCommand('correct/plain.js').replace('exec ', '')} & sleep 60 & wait; wait`
    const program = await launch('', place, { command })
    // The shell ignores it, and so does `sleep`, which inherits that; node has its own way with signals.
    const members = program.tree.members()
    assert.ok(members.length >= 3)
    const report = await program.stop()
    assert.is(report.by, 'SIGKILL')
    assert.ok(members.every(({ pid }) => hasEnded(pid)))
  }))

test('follows a program into the background', () =>
  withPlace(1, async place => {
    const program = await launch('test:background.js', place)
    const [daemon] = program.tree.members()
    assert.ok(daemon)
    assert.is.not(daemon.pid, program.pid)
    assert.is.not(daemon.session, program.pid)
    assert.is(program.end, undefined)
    await program.stop()
    assert.ok(program.end)
    assert.ok(hasEnded(daemon.pid))
  }))

test('knows a daemon that left everything behind by which it could be told', () =>
  withPlace(1, async place => {
    const daemon = '(setsid env -i sleep 97 </dev/null >/dev/null 2>&1 &)'
    const program = await launch('', place, { command: `${daemon}; ${fixtureCommand('correct/plain.js')}` })
    const sleeper = () => program.tree.members().find(({ pid }) => commandLineOf(pid) === 'sleep 97')
    assert.ok(await waitUntil(() => sleeper() !== undefined), 'it belongs to the program')
    const { pid = 0, parent } = sleeper() ?? {}
    assert.is(parent, process.pid, 'it came to us')
    await program.stop()
    assert.is(readProcess(pid), undefined, 'it ended and was waited for')
  }))

test('gives up at once on a program that ended, with its status and last words', () =>
  withPlace(1, async place => {
    const startedAt = performance.now()
    const error = await failure(launch('broken/start-dies-at-once.js', place))
    assert.ok(performance.now() - startedAt < 5_000)
    assert.instance(error, Blame)
    assert.is((error as Blame).kind, 'start')
    assert.is(
      (error as Blame).message,
      'the program exited with status 3; last line on stderr: config.json: no such file'
    )
  }))

test('names the signal that ended a program, also behind a shell', () =>
  withPlace(1, async place => {
    const direct = (await failure(launch('', place, { command: 'kill -SEGV $$' }))) as Blame
    assert.match(direct.message, /was killed by SIGSEGV; it wrote nothing to stderr/)
    const behind = (await failure(launch('', place, { command: "sh -c 'kill -ABRT $$'; exit $?" }))) as Blame
    assert.match(behind.message, /was killed by SIGABRT/)
  }))

test('names the ports that a program does not listen on', () =>
  withPlace(3, async place => {
    const error = await failure(launch('broken/start-listens-on-three-ports.js', place, { startTimeout: 1_500 }))
    assert.instance(error, Blame)
    assert.is(
      (error as Blame).message,
      `the program did not listen on port ${place.ports[2]} of 127.0.0.1 within 1.5 s`
    )
    assert.is(holderOfPort(place.ports[0] ?? 0), undefined, 'it has been ended')
  }))

test('does not blame a program for a port that another one holds, and names that one', () =>
  withPlace(2, async place => {
    const other = await launch('correct/plain.js', { ...place, ports: place.ports.slice(1) })
    try {
      const error = await failure(launch('correct/plain.js', place))
      assert.instance(error, Doubt)
      assert.match(
        (error as Doubt).message,
        new RegExp(`^port ${place.ports[1]} is taken by .*correct/plain\\.js \\(pid ${other.pid}\\)`)
      )
    } finally {
      await other.stop()
    }
  }))

test('reads what a program writes, keeps the end, and the beginning in a file', () =>
  withPlace(1, async place => {
    const chatter = 'head -c 3000000 /dev/zero | tr "\\\\0" x; echo; echo last words; echo trouble >&2;'
    const program = await launch('', place, { command: `${chatter} ${fixtureCommand('correct/plain.js')}` })
    await program.stop()
    assert.is(program.stdout.total, 3_000_000 + '\nlast words\n'.length)
    assert.equal(program.stdout.lastLines(5), ['last words'])
    assert.equal(program.stderr.lastLines(5), ['trouble'])
    await waitUntil(() => readFileSync(join(place.folder, 'stdout.log')).length === program.stdout.total)
    assert.is(readFileSync(join(place.folder, 'stdout.log'), 'utf8').slice(-11), 'last words\n')
  }))

test('neither blocks a program that logs without end nor keeps all of it, and says so in the file', () =>
  withPlace(1, async place => {
    const chatter = 'head -c 40000000 /dev/zero | tr "\\0" x; echo; echo last words;'
    const program = await launch('', place, { command: `${chatter} ${fixtureCommand('correct/plain.js')}` })
    await program.stop()
    const kept = readFileSync(join(place.folder, 'stdout.log'), 'latin1')
    assert.ok(kept.length < 17 * 2 ** 20)
    const total = 40_000_000 + '\nlast words\n'.length
    assert.is(program.stdout.total, total)
    const left = (total - 2 ** 24 - 2 ** 16).toLocaleString('en')
    assert.ok(
      kept.includes(
        `\n[cut here by stages: the program wrote ${total.toLocaleString('en')} bytes; ` +
          `16,777,216 stand above, ${left} are left out, the last 65,536 follow]\nx`
      )
    )
    assert.is(kept.slice(-12), '\nlast words\n')
  }))

test('quotes the error that a dying program wrote, although another process holds the pipe open', () =>
  withPlace(1, async place => {
    const script = 'console.error("client 7 connected"); throw new TypeError("no such client")'
    const command = `sleep 30 & '${process.execPath}' -e '${script}'; exit $?`
    const error = (await failure(launch('', place, { command }))) as Blame
    assert.is(error.message, 'the program exited with status 1; on stderr: TypeError: no such client')
  }))

test('says when a running program has ended, and how', () =>
  withPlace(1, async place => {
    const program = await launch('correct/plain.js', place)
    process.kill(program.pid, 'SIGKILL')
    const end = await program.ended
    assert.is(end.signal, 'SIGKILL')
    assert.match(program.describeEnd(', 1 s after it began'), /^was killed by SIGKILL, 1 s after it began; it wrote/)
    assert.is((await program.stop()).by, 'itself')
  }))

test('leaves nothing behind when the judge itself is killed', () =>
  withPlace(1, async place => {
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const) {
      const cli = fileURLToPath(new URL('../src/cli.js', import.meta.url))
      const judge = spawn(
        process.execPath,
        [
          ...[cli, 'run', '10', '--only', 'cpu', '--ports', place.ports.join(','), '--evidence', place.folder],
          ...[
            '--target',
            `(setsid env -i sleep 96 </dev/null >/dev/null 2>&1 &); ${fixtureCommand('test:background.js')}`,
          ],
          ...Object.entries(portsEnvironment(place.ports)).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] }
      )
      for await (const line of createInterface({ input: judge.stdout })) if (line.startsWith('cpu: ')) break
      assert.ok(await waitUntil(() => holderOfPort(place.ports[0] ?? 0) !== undefined))
      const [daemon = 0] = holderOfPort(place.ports[0] ?? 0)?.pids ?? []
      const orphan = readProcessTable().find(({ pid }) => commandLineOf(pid) === 'sleep 96')?.pid ?? 0
      assert.ok(orphan > 0)
      judge.kill(signal)
      const [code, killedBy] = await once(judge, 'exit')
      for (const pid of [daemon, orphan]) {
        assert.ok(await waitUntil(() => hasEnded(pid)), `${signal}: pid ${pid} remains`)
      }
      assert.equal([code, killedBy], { SIGKILL: [null, 'SIGKILL'], SIGTERM: [143, null], SIGINT: [130, null] }[signal])
    }
  }))

test.run()
