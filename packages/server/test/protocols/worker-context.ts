import { withTexts } from '../../src/limits-for-people.js'
import { CounterTable } from '../../src/protocols/counters.js'
import { countersOf } from '../../src/protocols/open-protocol.js'
import type { Limits, WorkerContext } from '../../src/protocols/protocol.js'
import type { ProtocolName } from '../../src/protocols/settings.js'

/** A worker for sessions without a server; keeps its log lines. */
export interface TestContext extends WorkerContext {
  readonly lines: string[]
}

export function workerContext(name: ProtocolName, limits: Partial<Omit<Limits, 'texts'>> = {}): TestContext {
  const lines: string[] = []
  const log = (line: string) => lines.push(line)
  return {
    ...{ worker: 1, pid: process.pid, lines },
    log: { info: log, warn: log },
    limits: withTexts({ maxMessage: 1000, messageTimeout: 30_000, idleTimeout: Number.POSITIVE_INFINITY, ...limits }),
    counters: CounterTable.inProcess(countersOf(name), 1).row(1),
  }
}

export const client = { remoteAddress: '127.0.0.1:50000' }
