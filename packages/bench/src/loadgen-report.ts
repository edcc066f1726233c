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
