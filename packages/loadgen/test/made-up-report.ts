import { LatencyRecorder } from '../src/measurement/latency-recorder.js'
import type { Interval, LoadReport } from '../src/report.js'

/** What a made-up run is like. */
export interface Course {
  /** Messages in each second of the measured phase. */
  readonly rates: readonly number[]
  /** Microseconds; each message has one of them, in turn. */
  readonly latencies: readonly number[]
}

const quiet = { rates: [1000, 1010, 990, 1005, 995, 1000, 1002, 998], latencies: [100, 200, 300, 400, 5000] }

/** The report of a run of a second's ramp and of the seconds that `rates` has, as a real one would be. */
export function madeUpReport({ rates, latencies }: Course = quiet, more: Partial<LoadReport> = {}): LoadReport {
  const all = new LatencyRecorder()
  const intervals = [ramp, ...rates.map((rate, second) => intervalOf(rate, second, latencies, all))]
  const messages = rates.reduce((sum, rate) => sum + rate, 0)
  const traffic = { sent: messages * 64, received: messages * 64, verified: messages * 64 }
  const connections = { planned: 100, established: 100, completed: 100, failed: 0, open: 0, peakOpen: 100 }
  const target = { host: '127.0.0.1', port: 8001 }
  const end = (rates.length + 1) * 1000
  return {
    verdict: 'ok',
    plan: {
      ...{ workload: 'strings', targets: [target], seed: 1, engine: 'auto', connectTimeout: 10_000, connectRate: 100 },
      ...{ stallTimeout: 30_000, threads: 1, sourceAddresses: [], noDelay: true, warmup: 0, interval: 1000 },
      ...{ segment: { index: 1, count: 1 }, startAt: 0, wrongBytesEnd: 'run', monitor: 'none' },
    } as unknown as LoadReport['plan'],
    engine: 'epoll',
    elapsed: end,
    connections,
    targets: [{ target, connections, messages, failureCounts: {}, ...traffic }],
    ...traffic,
    stalls: { count: 0, longest: 5, total: 0 },
    messages: { planned: messages, echoed: messages, meanEcho: 1.2, longestEcho: 5 },
    failures: [],
    failureCounts: {},
    latency: { fromSend: all.encode() },
    intervals,
    measured: {
      ...{ start: 1000, elapsed: rates.length * 1000, messages, connections: 0 },
      ...{ sent: traffic.sent, verified: traffic.verified },
    },
    generator: { cpuPercent: 40, threads: [38], peakRss: 70_000_000 },
    environment: {
      ...{ loadgen: '0.1.0', node: 'v20.20.2', kernel: 'Linux 6.1.0 x64', cpu: 'A CPU', cores: 2, memory: 2 ** 34 },
      startedAt: '2026-01-02T03:04:05.000Z',
    },
    ...more,
  }
}

/** Samples of a server that uses half a core, or as much as is said, and 1 KiB for each connection. */
export function madeUpServer(seconds: number, cpuPercent = 50): NonNullable<LoadReport['server']> {
  const samples = Array.from({ length: seconds * 2 + 1 }, (_, index) => ({
    ...{ at: index * 500, cpuPercent: index === 0 ? 0 : cpuPercent, cpuSeconds: index * (cpuPercent / 200) },
    ...{ rss: 50_000_000, pss: index === 0 ? 40_000_000 : 40_102_400, threads: 3, descriptors: 20 },
  }))
  return { pid: 4321, name: 'server', samples }
}

const ramp: Interval = {
  ...{ start: 0, end: 1000, phase: 'ramp', sent: 0, verified: 0, messages: 0 },
  ...{ established: 100, ended: 0, open: 100, failures: {} },
}

function intervalOf(rate: number, second: number, latencies: readonly number[], all: LatencyRecorder): Interval {
  const recorder = new LatencyRecorder()
  for (let message = 0; message < rate; message++) recorder.record(latencies[message % latencies.length] as number)
  all.merge(recorder.encode())
  return {
    ...{
      start: (second + 1) * 1000,
      end: (second + 2) * 1000,
      phase: 'measured',
      sent: rate * 64,
      verified: rate * 64,
    },
    ...{ messages: rate, established: 0, ended: 0, open: 100, failures: {} },
    fromSend: recorder.takeInterval(),
  }
}
