interface Latency {
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

/** What loadgen says of a run, as far as it is used: see load-report.schema.json. Milliseconds, bytes. */
export interface LoadgenReport {
  readonly verdict: string
  readonly failures: readonly { readonly message: string }[]
  readonly measured: { readonly elapsed: number; readonly messages: number; readonly verified: number }
  readonly generator: { readonly cpuPercent: number }
  readonly latencySummary: { readonly fromDue?: Latency; readonly fromSend?: Latency }
}

/** A line of `--ndjson`, as far as it is used. */
export type LoadgenEvent =
  | { readonly event: 'start' }
  | { readonly event: 'interval'; readonly phase: string }
  | ({ readonly event: 'end' } & LoadgenReport)

/** How long the measured phase was, and the CPU time that loadgen used in it. */
export function measuredTime({ measured, generator }: LoadgenReport): { seconds: number; cpuSeconds: number } {
  const seconds = measured.elapsed / 1000
  return { seconds, cpuSeconds: (seconds * generator.cpuPercent) / 100 }
}
