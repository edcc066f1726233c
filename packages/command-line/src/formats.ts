import prettyBytes from 'pretty-bytes'
import prettyMilliseconds from 'pretty-ms'

const grouped = new Intl.NumberFormat('en-US')
const binary = { binary: true, maximumFractionDigits: 2 }

/** A number of bytes for people, rounded to two decimals of a binary unit: `1.5 MiB`. */
export function formatSize(bytes: number): string {
  return prettyBytes(bytes, binary)
}

/** A number of bytes for people and to the byte: `4 GiB (4,294,967,296 bytes)`. */
export function formatExactSize(bytes: number): string {
  const exact = `${grouped.format(bytes)} ${bytes === 1 ? 'byte' : 'bytes'}`
  return bytes < 1024 ? exact : `${formatSize(bytes)} (${exact})`
}

/** Milliseconds for people: `420µs`, `3.5ms`, `250ms`, `1m 30.5s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds > 0 && milliseconds < 1) return prettyMilliseconds(milliseconds, { formatSubMilliseconds: true })
  return prettyMilliseconds(milliseconds, milliseconds < 10 ? { millisecondsDecimalDigits: 1 } : {})
}

/** A count for people, exactly, with groups of three digits: `10,000`. */
export function formatCount(count: number): string {
  return grouped.format(count)
}

/** A rate of bytes per second for people, in binary units: `812 MiB/s`. */
export function formatRate(bytesPerSecond: number): string {
  return `${prettyBytes(bytesPerSecond, binary)}/s`
}
