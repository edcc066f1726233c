import type { RunResult } from '../output.js'

export function htmlPage(_result: RunResult): string {
  return ''
}
