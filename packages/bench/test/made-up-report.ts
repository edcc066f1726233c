import type { Measurement } from '../src/measurement.js'
import type { BenchReport, CaseReport, ContenderReport } from '../src/report.js'

/** A round in which the contender made so many requests in a second. */
export function round(requests: number, changes: Partial<Measurement> = {}): Measurement {
  return {
    values: { requests, p99: 1000 / requests },
    ...{ seconds: 2, messages: requests * 2, bytes: requests * 128 },
    own: { cpuSeconds: 1.9, peakMemory: 5 * 1024 ** 2 },
    other: { cpuSeconds: 1 },
    disturbance: { stolen: 0, others: 0 },
    lateness: 0,
    ...changes,
  }
}

export function contender(
  name: string,
  rounds: readonly (Measurement | null)[],
  failures: string[] = []
): ContenderReport {
  return { name, title: `the contender ${name}`, ours: name.startsWith('sluice'), rounds, failures }
}

export function caseReport(contenders: readonly ContenderReport[], changes: Partial<CaseReport> = {}): CaseReport {
  return {
    ...{ name: 'requests-64x64', group: 'requests', title: 'Requests <per> second', role: 'server' },
    metric: { name: 'requests', unit: 'per second', better: 'higher' },
    also: [{ name: 'p99', unit: 'milliseconds', better: 'lower' }],
    ...{ cpuFor: 'million messages', reference: 'c-epoll', contenders, skipped: [] },
    ...changes,
  }
}

export function benchReport(cases: readonly CaseReport[], changes: Partial<BenchReport> = {}): BenchReport {
  return {
    ...{ version: 1, started: '2026-01-02T03:04:05.678Z', finished: '2026-01-02T04:04:05.678Z', rounds: 7 },
    ...{ quick: false, loadThreads: 1, interrupted: false, skipped: [], cases },
    scale: { warmUp: 1, duration: 1, bytes: 1, connects: 1, idleConnections: 1, idleDuration: 1 },
    environment: {
      ...{ kernel: 'Linux 6', cpu: 'A <CPU>', cores: 4, memory: 2 ** 34, congestion: 'cubic', node: 'v20' },
      ...{ compiler: 'gcc 12', commit: 'abc1234' },
    },
    noise: {
      ...{ verdict: 'quiet', calibrationSpread: 0.01, calibrations: 7 },
      ...{ stolen: { median: 0, maximum: 0 }, others: { median: 0, maximum: 0 } },
    },
    ...changes,
  }
}
