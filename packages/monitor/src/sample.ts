/** One member of the tree at the time of a sample. */
export interface ProcessSample {
  readonly pid: number
  readonly name: string
  /** Percent of one core since the sample before; 0 in the first in which it appears. */
  readonly cpuPercent: number
  readonly rssBytes: number
  /** Undefined where it may not be read. */
  readonly pssBytes: number | undefined
}

/** A process tree at one moment. */
export interface Sample {
  /** Milliseconds since the monitor started, on a monotonic clock. */
  readonly atMilliseconds: number
  /** Percent of one core since the sample before: 200 is two cores kept busy. 0 in the first. */
  readonly cpuPercent: number
  /** CPU time of the whole tree since the monitor started, ended children included, in seconds. */
  readonly cpuSeconds: number
  /** Sum over the members: pages that they share count for each. */
  readonly rssBytes: number
  /** Sum over the members, shared pages divided; undefined when it could not be read of one of them. */
  readonly pssBytes: number | undefined
  /** Memory of files without a name (memfd, deleted from tmpfs) that members hold open and do not map. */
  readonly unmappedFileBytes: number
  /** Ended ones that nobody has waited for yet are not among them. */
  readonly processes: readonly ProcessSample[]
  readonly threads: number
  /** Open descriptors; undefined when those of one member may not be looked at. */
  readonly descriptors: number | undefined
  /** Since the monitor started. */
  readonly voluntarySwitches: number
  /** Since the monitor started. */
  readonly involuntarySwitches: number
}

/**
 * What a sample says about memory, in bytes: of each process PSS where it can be read and RSS where it cannot, and
 * unmapped files.
 */
export function memoryBytes(sample: Sample): number {
  const processes = sample.processes.reduce((sum, { pssBytes, rssBytes }) => sum + (pssBytes ?? rssBytes), 0)
  return (sample.pssBytes ?? processes) + sample.unmappedFileBytes
}
