import { type Target, targetName } from '../plan.js'

/** An option of a plan for people: `from 1000, to 50000`, `127.0.0.1:8001`, `none`. */
export function optionText(value: unknown): string {
  if (value === undefined || value === '') return 'none'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(optionText).join(', ')
  if (typeof value !== 'object' || value === null) return String(value)
  if (isTarget(value)) return targetName(value)
  return Object.entries(value)
    .map(([key, each]) => `${key} ${optionText(each)}`)
    .join(', ')
}

function isTarget(value: object): value is Target {
  return 'host' in value && 'port' in value
}
