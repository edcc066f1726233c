import { formatCount, formatDuration, formatRate, formatSize } from 'command-line'

/** How a figure is written, by the unit that its name ends in. */
const units: readonly (readonly [suffix: string, format: (value: number) => string])[] = [
  ['BytesPerSecond', formatRate],
  ['Bytes', formatSize],
  ['Percent', value => `${value.toFixed(1)} %`],
  ['Milliseconds', value => formatDuration(Math.round(value * 10) / 10)],
]

/** A figure's name without its unit, in words: `slowestProbeMilliseconds` is `slowest probe`. */
export function measureLabel(name: string): string {
  const [suffix = ''] = units.find(([unit]) => name.endsWith(unit)) ?? []
  return name
    .slice(0, name.length - suffix.length)
    .replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`)
    .replace('cpu', 'CPU')
}

/** A figure in its unit: `812 MiB/s`. */
export function formatMeasure(name: string, value: number): string {
  const [, format = formatCount] = units.find(([unit]) => name.endsWith(unit)) ?? []
  return format(value)
}
