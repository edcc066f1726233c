/** What latencies are measured from; the one that says most about the server first. */
export const latencyKinds = ['fromDue', 'fromSend', 'connect', 'get', 'set'] as const

export type LatencyKind = (typeof latencyKinds)[number]

/** What stands before a figure's name to say which latency is meant: `send.p99`. */
export const latencyPrefix = /^(due|send|connect|get|set)\./

/** How each kind is called on the command line and in tables. */
export const latencyNames: Readonly<Record<LatencyKind, string>> = {
  fromDue: 'due',
  fromSend: 'send',
  connect: 'connect',
  get: 'get',
  set: 'set',
}

/** The kind by which a run is judged where none is named: the first that was recorded. */
export function primaryKind(recorded: Partial<Record<LatencyKind, unknown>>): LatencyKind | undefined {
  return latencyKinds.find(kind => recorded[kind] !== undefined)
}
