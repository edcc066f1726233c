import { closeSync, openSync, readSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { endianness } from 'node:os'
import { commandLineOf, holdersOfSockets } from './process-table.js'

/** One TCP socket of this machine, as `/proc/net/tcp` shows it (proc_net_tcp in the kernel's documentation). */
export interface TcpSocket {
  /** Local address: dotted IPv4, or 32 hexadecimal digits in network order for IPv6. */
  readonly address: string
  readonly port: number
  readonly listening: boolean
  readonly inode: number
}

const tables = ['/proc/net/tcp', '/proc/net/tcp6']
const listenState = '0A'

/** The kernel gives a page at a time. */
const chunk = Buffer.alloc(4096)
const anyIpv4 = '0.0.0.0'
const anyIpv6 = '0'.repeat(32)
const mappedPrefix = `${'0'.repeat(20)}ffff`

/** Whoever listens on a port. */
export interface Holder {
  readonly port: number
  readonly pids: readonly number[]
  /** For a person: `node server.js (pid 4242)`, or what is known of it. */
  readonly description: string
}

/**
 * True when something on this machine listens on `port` at an address that a client of `host` (an IP) reaches. Who asks
 * about several ports reads the listeners once.
 */
export function isListening(host: string, port: number, listeners = readListeners()): boolean {
  return listeners.some(socket => socket.port === port && covers(socket.address, host))
}

/** Who listens on `port`, at any address; undefined when nobody does. */
export function holderOfPort(port: number, listeners = readListeners()): Holder | undefined {
  const inodes = new Set(listeners.filter(socket => socket.port === port).map(socket => socket.inode))
  if (inodes.size === 0) return undefined
  const pids = holdersOfSockets(inodes)
  const description =
    pids.length === 0
      ? 'a process that this user may not see'
      : pids.map(pid => `${shorten(commandLineOf(pid).replace(/\s+/g, ' '))} (pid ${pid})`).join(', ')
  return { port, pids, description }
}

/**
 * How many connections that ended (TIME_WAIT and the like) still keep `port` from a program which
 * binds without `SO_REUSEADDR` (socket(7)).
 */
export function lingeringConnections(port: number): number {
  return tables
    .flatMap(path => readSockets(readTable(path)))
    .filter(socket => socket.port === port && !socket.listening && socket.inode === 0).length
}

/** Program and last words say most about a command line. */
function shorten(command: string): string {
  const [head, tail] = [20, 40]
  return command.length > head + tail ? `${command.slice(0, head)}…${command.slice(-tail)}` : command
}

function covers(address: string, host: string): boolean {
  if (isIPv6(host)) return address === anyIpv6 || address === expandIpv6(host)
  // A socket on [::] takes IPv4 as well, unless it was told not to; that shows when a client connects.
  return address === anyIpv4 || address === anyIpv6 || address === host || address === mappedPrefix + hexIpv4(host)
}

function hexIpv4(host: string): string {
  return host
    .split('.')
    .map(part => Number(part).toString(16).padStart(2, '0'))
    .join('')
}

function expandIpv6(host: string): string {
  // The URL parser knows every way to write an IPv6 address, and gives back the shortest.
  const [head = '', tail] = new URL(`http://[${host}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string | undefined) => (text ? text.split(':') : [])
  const [left, right] = [groups(head), groups(tail)]
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const all = [...left, ...Array<string>(zeros).fill('0'), ...right]
  return all.map(group => group.padStart(4, '0')).join('')
}

/**
 * All listening sockets. They stand before all others in the kernel's tables, of which only this beginning is read:
 * walking through thousands of connections takes the kernel milliseconds.
 */
export function readListeners(): TcpSocket[] {
  return tables.flatMap(path => readSockets(readTable(path, isBeyondListeners))).filter(socket => socket.listening)
}

function isBeyondListeners(text: string): boolean {
  const complete = text.slice(0, text.lastIndexOf('\n')).trimEnd()
  const state = complete
    .slice(complete.lastIndexOf('\n') + 1)
    .trim()
    .split(/\s+/)[3]
  return state !== undefined && /^[\dA-F]{2}$/.test(state) && state !== listenState
}

/** As much of a table as it takes for `isEnough`; nothing where the kernel has none. */
function readTable(path: string, isEnough = (_: string) => false): string {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return ''
  }
  try {
    let text = ''
    for (let length = -1; length !== 0 && !isEnough(text); ) {
      length = readSync(file, chunk)
      text += chunk.toString('latin1', 0, length)
    }
    return text
  } finally {
    closeSync(file)
  }
}

function readSockets(table: string): TcpSocket[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const fields = line.trim().split(/\s+/)
      const [address = '', port] = (fields[1] ?? '').split(':')
      if (port === undefined) return []
      return [
        {
          address: readAddress(address),
          port: Number.parseInt(port, 16),
          listening: fields[3] === listenState,
          inode: Number(fields[9] ?? 0),
        },
      ]
    })
}

/** The kernel prints addresses as 32-bit words in the machine's own byte order. */
function readAddress(hex: string): string {
  const words = (hex.match(/.{8}/g) ?? []).map(word =>
    endianness() === 'LE' ? (word.match(/../g) ?? []).reverse().join('') : word
  )
  const bytes = words.join('').toLowerCase()
  if (bytes.length !== 8) return bytes
  return (bytes.match(/../g) ?? []).map(byte => Number.parseInt(byte, 16)).join('.')
}
