import { compileLoadClient, type LoadOutcome } from '../load-client.js'
import { findTool } from '../toolbox.js'
import type { LoadContender, LoadResult } from './contender.js'
import { commandLine } from './servers.js'

/** About what a generator does in a second, for those that take a number of messages and no time. */
const roughRate = 60_000

/** Load generators, in the order in which they are started. */
export const generators: readonly LoadContender[] = [
  cClient('c-client', 'C, epoll', 1),
  cClient('c-client-2', 'C, epoll, two threads', 2),
  {
    role: 'load',
    name: 'loadgen',
    title: 'Sluice loadgen, all verified',
    ours: true,
    prepare: async () => ({
      requests: (port, { connections, size, seconds }) => {
        const messages = Math.ceil((seconds * roughRate) / connections)
        const args = ['strings', `${port}`, '--clients', `${connections}`, '--messages', `${messages}`]
        return loadgen([...args, '--size', `${size}`])
      },
      stream: (port, { bytes }) => loadgen(['stream', `${port}`, '--size', `${bytes}`]),
    }),
  },
  {
    role: 'load',
    name: 'iperf3',
    title: 'iperf3, both ways, none verified',
    async prepare() {
      const program = await findTool(['iperf3'], 'Debian: apt install iperf3')
      return {
        // Its protocol is its own: it needs its own server, and its two streams take the place of there and back.
        server: port => [{ program, args: ['--server', '--bind', '127.0.0.1', '--port', `${port}`], listensOn: port }],
        stream: (port, { bytes }) => ({
          command: {
            program,
            args: ['--client', '127.0.0.1', '--port', `${port}`, '--bytes', `${bytes}`, '--bidir', '--json'],
          },
          result: readIperf,
        }),
      }
    },
  },
]

function cClient(name: string, title: string, threads: number): LoadContender {
  const result = (stdout: string): LoadResult => {
    const last = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as LoadOutcome & { message?: string }
    if (last.message !== undefined) throw new Error(last.message)
    return last
  }
  return {
    role: 'load',
    name,
    title,
    async prepare() {
      const program = await compileLoadClient()
      const run = (args: readonly string[]) => ({
        command: { program, args: [...args, '--threads', `${threads}`] },
        result,
      })
      return {
        requests: (port, { connections, size, seconds }) =>
          run([
            ...['requests', '--port', `${port}`, '--connections', `${connections}`, '--size', `${size}`],
            // From the first message on, as the others count.
            ...['--warmup', '0', '--duration', `${seconds}`],
          ]),
        // One connection keeps one thread busy.
        ...(threads === 1 && {
          stream: (port, { bytes }) => run(['stream', '--verify', '--port', `${port}`, '--bytes', `${bytes}`]),
        }),
      }
    },
  }
}

interface LoadgenReport {
  readonly verdict: string
  readonly verified: number
  readonly elapsed: number
  readonly messages?: { readonly echoed: number }
}

function loadgen(args: readonly string[]) {
  return {
    command: { program: process.execPath, args: [commandLine('loadgen'), ...args, '--json'] },
    result: (stdout: string): LoadResult => {
      const { verdict, verified, elapsed, messages } = JSON.parse(stdout) as LoadgenReport
      if (verdict !== 'ok') throw new Error(verdict)
      return { messages: messages?.echoed ?? 0, bytes: verified, seconds: elapsed / 1000 }
    },
  }
}

interface IperfReport {
  readonly error?: string
  readonly end: { readonly sum_received?: IperfSum; readonly sum_received_bidir_reverse?: IperfSum }
}

interface IperfSum {
  readonly bytes: number
  readonly seconds: number
}

/** A byte that is echoed crosses twice: the slower direction tells how many could have gone there and back. */
function readIperf(stdout: string): LoadResult {
  const { error, end } = JSON.parse(stdout) as IperfReport
  if (error !== undefined) throw new Error(error)
  const [there, back] = [end.sum_received, end.sum_received_bidir_reverse]
  if (there === undefined || back === undefined) throw new Error('its report has no sums for both directions')
  const slower = there.bytes / there.seconds < back.bytes / back.seconds ? there : back
  return { messages: 0, bytes: slower.bytes, seconds: slower.seconds }
}
