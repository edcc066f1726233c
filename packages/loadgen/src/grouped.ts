/**
 * A number for messages, with groups of three digits: `1,234,567`. The load thread's own: `formatCount` would bring
 * the whole command line into it.
 */
export function grouped(value: number): string {
  return value.toLocaleString('en-US')
}
