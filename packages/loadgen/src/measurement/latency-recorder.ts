import {
  build,
  decodeFromCompressedBase64,
  encodeIntoCompressedBase64,
  type Histogram,
  initWebAssemblySync,
} from 'hdr-histogram-js'
import { Moments } from './moments.js'

/** Figures of some latencies, in milliseconds; all 0 when there are none. */
export interface LatencySummary {
  readonly count: number
  readonly min: number
  readonly mean: number
  readonly max: number
  readonly standardDeviation: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly p9999: number
}

/** Histograms count nanoseconds: steps of 0.1 % of the value, and never coarser than what a clock can tell. */
const histogramUnitsPerMillisecond = 1e6

const unitsPerMicrosecond = 1e3

/** 24 hours. */
const longestLatency = 86_400_000 * histogramUnitsPerMillisecond

/** WebAssembly records five times as fast as JavaScript; counts of 64 bits are as fast as those of 32, and never wrap. */
const countBits = 64

/** Frees the histograms of recorders that are gone: WebAssembly's memory is nobody's garbage. */
const abandoned = new FinalizationRegistry<Histogram>(histogram => histogram.destroy())

/**
 * Latencies as a histogram in HdrHistogram's layout, with three significant digits and a fixed size (300 KB), whatever
 * is recorded. Histograms can be merged exactly, percentiles cannot: processes therefore tell each other histograms.
 */
export class LatencyRecorder {
  /** Recorded since the last interval was taken. */
  readonly #interval = this.#createHistogram()
  /** The same in the histogram's units: asking the histogram takes four times as long as all the rest of the figures. */
  readonly #intervalMoments = new Moments()
  /** Of all intervals that were taken, and of others' histograms; made when there is the first one. */
  #taken: Histogram | undefined

  /** Takes about 25 ns. More than 24 hours count as 24 hours. Throws a RangeError for a negative number and for NaN. */
  record(microseconds: number): void {
    if (!(microseconds >= 0)) throw new RangeError(`${microseconds} is not a latency in microseconds`)
    const units = Math.min(Math.floor(microseconds * unitsPerMicrosecond), longestLatency)
    this.#interval.recordValue(units)
    this.#intervalMoments.add(units)
  }

  /** How many latencies it has, since the beginning or since they were handed over. */
  get count(): number {
    return this.#interval.totalCount + (this.#taken?.totalCount ?? 0)
  }

  /**
   * The figures of what was recorded since the last call. Takes 0.2 ms, for which whoever wants the same core has to
   * wait.
   */
  takeInterval(): LatencySummary {
    const summary = summarise(this.#interval, this.#intervalMoments)
    if (summary.count > 0) this.#foldInterval()
    return summary
  }

  /** The figures of everything. */
  summary(): LatencySummary {
    const histogram = this.#everything()
    return summarise(histogram, { mean: histogram.mean, standardDeviation: histogram.stdDeviation })
  }

  /** Everything in HdrHistogram's V2 compressed encoding, as base64. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#everything())
  }

  /** Adds what `encode` of another one returned. Throws a RangeError for anything else. */
  merge(encoded: string): void {
    const other = decode(encoded)
    try {
      this.#foldInterval().add(other)
    } catch (error) {
      throw new RangeError('the histogram has latencies above 24 hours', { cause: error })
    } finally {
      other.destroy()
    }
  }

  /** HdrHistogram's table of percentiles in milliseconds, as its plotter reads it. */
  percentileTable(): string {
    // The table that WebAssembly writes drops zeros after the decimal point: 5.1 for 5.001.
    const histogram = decodeFromCompressedBase64(this.encode(), countBits, false)
    return histogram.outputPercentileDistribution(5, histogramUnitsPerMillisecond)
  }

  /** The latency, in milliseconds, that `percentile` percent of all do not exceed. */
  valueAtPercentile(percentile: number): number {
    return this.#everything().getValueAtPercentile(percentile) / histogramUnitsPerMillisecond
  }

  #everything(): Histogram {
    if (this.#taken === undefined) return this.#interval
    return this.#foldInterval()
  }

  #foldInterval(): Histogram {
    this.#taken ??= this.#createHistogram()
    this.#taken.add(this.#interval)
    this.#interval.reset()
    this.#intervalMoments.clear()
    return this.#taken
  }

  #createHistogram(): Histogram {
    prepareThread()
    const histogram = createHistogram()
    abandoned.register(this, histogram)
    return histogram
  }
}

let prepared = false

/** WebAssembly is compiled function by function at the first call, which would otherwise delay the first interval. */
function prepareThread(): void {
  if (prepared) return
  prepared = true
  initWebAssemblySync()
  const recorder = new LatencyRecorder()
  recorder.record(1)
  recorder.takeInterval()
  recorder.merge(recorder.encode())
}

function createHistogram(): Histogram {
  return build({
    useWebAssembly: true,
    bitBucketSize: countBits,
    lowestDiscernibleValue: 1,
    highestTrackableValue: longestLatency,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
  })
}

function decode(encoded: string): Histogram {
  try {
    return decodeFromCompressedBase64(encoded, countBits, true)
  } catch (error) {
    throw new RangeError('this is not a histogram in the V2 encoding of HdrHistogram', { cause: error })
  }
}

const nothing: LatencySummary = {
  ...{ count: 0, min: 0, mean: 0, max: 0, standardDeviation: 0 },
  ...{ p50: 0, p90: 0, p99: 0, p999: 0, p9999: 0 },
}

function summarise(histogram: Histogram, moments: Pick<Moments, 'mean' | 'standardDeviation'>): LatencySummary {
  const count = histogram.totalCount
  if (count === 0) return nothing
  const inMilliseconds = (value: number) => value / histogramUnitsPerMillisecond
  const at = (percentile: number) => inMilliseconds(histogram.getValueAtPercentile(percentile))
  return {
    count,
    // What the library remembers as the smallest and the largest value does not survive being encoded; this does.
    min: at(0),
    mean: inMilliseconds(moments.mean),
    max: at(100),
    standardDeviation: inMilliseconds(moments.standardDeviation),
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    p9999: at(99.99),
  }
}
