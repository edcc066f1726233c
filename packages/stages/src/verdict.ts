/** `unknown` is for when the judge could not find out: it is neither the program's failure nor its success. */
export type Verdict = 'pass' | 'fail' | 'unknown'

/**
 * Figures under names that end in their unit: `memoryPeakBytes`, `cpuPercent` (of one core), `slowestProbeMilliseconds`,
 * `rateBytesPerSecond`; no unit for counts. A limit has the name of the figure that it limits.
 */
export type Measures = Record<string, number>

/** What backs a verdict up; anything that JSON can carry. */
export type Evidence = Record<string, unknown>

/** What made a test fail, coarsely: a program that died explains lost connections, but not wrong bytes. */
export type BlameKind = 'connection' | 'bytes' | 'stall' | 'limit' | 'start'

/**
 * The program is at fault. The message is one sentence that its author understands without knowing the judge, and
 * begins in the middle of a line: `port 8003: 4,096 bytes sent, …`.
 */
export class Blame extends Error {
  readonly kind: BlameKind
  readonly evidence: Evidence

  constructor(kind: BlameKind, reason: string, evidence: Evidence = {}) {
    super(reason)
    this.name = 'Blame'
    this.kind = kind
    this.evidence = evidence
  }
}

/** The judge could not find out: too few descriptors, a port taken by another program. The message says why. */
export class Doubt extends Error {
  readonly evidence: Evidence

  constructor(reason: string, evidence: Evidence = {}) {
    super(reason)
    this.name = 'Doubt'
    this.evidence = evidence
  }
}

/** What one test found out. Times in seconds, for a reader of the JSON file. */
export interface TestResult {
  readonly id: string
  readonly verdict: Verdict
  /** One sentence. */
  readonly reason: string
  /** What usually makes a program fail like this. */
  readonly usualCause?: string | undefined
  /** The part of the seed's text that asks for it. */
  readonly asks: { readonly input: string; readonly expected: string }
  readonly measured: Measures
  readonly limit: Measures
  readonly evidence: Evidence
  readonly seconds: number
}

/** False for a test that was left out because the program did not even start. */
export function wasTried({ evidence }: TestResult): boolean {
  return evidence.tried !== false
}

/** The verdict of several tests together: one failure fails all; without one, one unknown leaves all unknown. */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('fail')) return 'fail'
  return verdicts.length === 0 || verdicts.includes('unknown') ? 'unknown' : 'pass'
}
