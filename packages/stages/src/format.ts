import { formatCount } from 'command-line'

/** Rounded: `65,537` */
export function count(value: number): string {
  return formatCount(Math.round(value))
}

/** `1 byte`, `4,096 bytes` */
export function bytes(value: number): string {
  return `${count(value)} ${value === 1 ? 'byte' : 'bytes'}`
}

/** Milliseconds as `5 s` or `0.3 s`. */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toLocaleString('en', { maximumFractionDigits: 1 })} s`
}

/** `0x41` */
export function hexByte(value: number): string {
  return `0x${value.toString(16).padStart(2, '0')}`
}

/** `1 client`, `100 clients` */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`
}
