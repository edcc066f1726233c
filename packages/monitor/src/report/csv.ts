import { stringify } from 'csv-stringify/sync'
import type { Sample } from '../sample.js'

/** The samples as comma-separated values (RFC 4180) with a header; what could not be read is empty. */
export function toCsv(samples: readonly Sample[]): string {
  const rows = samples.map(({ processes, ...figures }) => ({ ...figures, processes: processes.length }))
  return stringify(rows, {
    header: true,
    columns: [
      'atMilliseconds',
      'cpuPercent',
      'cpuSeconds',
      'rssBytes',
      'pssBytes',
      'unmappedFileBytes',
      'processes',
      'threads',
      'descriptors',
      'voluntarySwitches',
      'involuntarySwitches',
    ],
  })
}
