import { formatCount, formatDuration } from 'command-line'
import { type Target, targetName } from '../plan.js'

/** What the command line calls otherwise than the plan does. */
const otherNames: Readonly<Record<string, string>> = { sourceAddresses: 'source-ip', noDelay: 'nodelay' }

/** 0 is no limit. */
const limits = new Set(['requests', 'bytes'])

/** In milliseconds; 0 switches them off. */
const durations = new Set([
  'connectTimeout',
  'stallTimeout',
  'warmup',
  'interval',
  'duration',
  'every',
  'expiry',
  'readLater',
])

/** The name on the command line of a plan's option: `connect-rate`. */
export function optionName(key: string): string {
  return otherNames[key] ?? key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}

/** The value of a plan's option as the command line takes it: `1,000..50,000`, `127.0.0.1:8001`, `2/4`, `2s`, `none`. */
export function optionText(key: string, value: unknown): string {
  if (value === undefined || value === '') return 'none'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(each => optionText(key, each)).join(', ')
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'number') return numberText(key, value)
  return typeof value === 'object' && value !== null ? objectText(value) : String(value)
}

function numberText(key: string, value: number): string {
  if (key === 'startAt') return value === 0 ? 'at once' : new Date(value).toISOString()
  if (limits.has(key) && value === 0) return 'none'
  if (durations.has(key)) return value === 0 ? 'none' : formatDuration(value)
  return key === 'seed' ? String(value) : formatCount(value)
}

function objectText(value: object): string {
  if (isTarget(value)) return targetName(value)
  if ('index' in value && 'count' in value) return `${value.index}/${value.count}`
  const [first, last, ...others] = Object.values(value) as unknown[]
  if (others.length > 0 || typeof first !== 'number' || typeof last !== 'number') return JSON.stringify(value)
  if (first === last) return first === 0 ? 'none' : formatCount(first)
  return `${formatCount(first)}..${formatCount(last)}`
}

function isTarget(value: object): value is Target {
  return 'host' in value && 'port' in value
}
