import { compileLoadClient, type Latency, type LoadOutcome } from '../load-client.js'
import { type LoadgenEvent, type LoadgenReport, measuredTime } from '../loadgen-report.js'
import { findTool } from '../toolbox.js'
import type { LoadContender, LoadResult, MessageLoad } from './contender.js'
import { ourTool } from './our-tool.js'

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
      requests: (port, load) => loadgen(['ping-pong', `${port}`, ...messageOptions(load)]),
      fixedRate: (port, load) => loadgen(['ping-pong', `${port}`, ...messageOptions(load), '--rate', `${load.rate}`]),
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
    const last = JSON.parse(lastLine(stdout)) as LoadOutcome & { message?: string }
    if (last.message !== undefined) throw new Error(last.message)
    if (last.unanswered > 0) throw new Error(`${last.unanswered} messages had no reply`)
    const { messages, bytes, seconds, cpuSeconds, latency } = last
    return { messages, bytes, seconds, cpuSeconds, ...(latency && { latency: inMilliseconds(latency) }) }
  }
  const begins = (line: string) => (JSON.parse(line) as { event: string }).event === 'begin'
  return {
    role: 'load',
    name,
    title,
    async prepare() {
      const program = await compileLoadClient()
      const run = (args: readonly string[]) => ({
        command: { program, args: [...args, '--threads', `${threads}`] },
        begins,
        result,
      })
      const messages = (mode: string, port: number, { connections, size, warmUp, seconds }: MessageLoad) => [
        ...[mode, '--port', `${port}`, '--connections', `${connections}`, '--size', `${size}`],
        ...['--warmup', `${warmUp}`, '--duration', `${seconds}`],
      ]
      return {
        requests: (port, load) => run(messages('requests', port, load)),
        // One connection keeps one thread busy, and so does a rate.
        ...(threads === 1 && {
          fixedRate: (port, load) => run([...messages('rate', port, load), '--rate', `${load.rate}`]),
          stream: (port, { bytes }) => run(['stream', '--verify', '--port', `${port}`, '--bytes', `${bytes}`]),
        }),
      }
    },
  }
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? ''
}

function inMilliseconds({ p50, p99, p999 }: Latency) {
  return { p50: p50 / 1e6, p99: p99 / 1e6, p999: p999 / 1e6 }
}

function messageOptions({ connections, size, warmUp, seconds }: MessageLoad): string[] {
  return [
    ...['--connections', `${connections}`, '--size', `${size}`],
    ...['--warmup', `${warmUp}s`, '--duration', `${seconds}s`],
  ]
}

function loadgen(args: readonly string[]) {
  return {
    command: ourTool('loadgen', [...args, '--quiet', '--ndjson', '-']),
    // The last interval of the warm-up is the one before what is measured.
    begins: (line: string) => {
      const event = JSON.parse(line) as LoadgenEvent
      return event.event === 'interval' && (event.phase === 'ramp' || event.phase === 'warmup')
    },
    result: (stdout: string): LoadResult => {
      const report = JSON.parse(lastLine(stdout)) as LoadgenReport
      if (report.verdict !== 'ok') throw new Error(report.verdict)
      const { messages, verified } = report.measured
      const { fromDue } = report.latencySummary
      return { messages, bytes: verified, ...measuredTime(report), ...(fromDue && { latency: fromDue }) }
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
