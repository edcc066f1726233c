import { readdir, readFile, readlink } from 'node:fs/promises'
import { endianness } from 'node:os'

/** A process that has a socket on a port. */
export interface PortHolder {
  readonly pid: number
  /** Its command line, shortened; its name in the kernel when that cannot be read. */
  readonly command: string
}

interface SocketEntry {
  /** As the kernel writes it: 8 or 32 hexadecimal digits. */
  readonly address: string
  readonly listening: boolean
  readonly inode: number
}

const longestCommand = 60

/** The state of a listening socket in `/proc/net/tcp` (proc_net_tcp; `TCP_LISTEN`). */
const listenState = '0A'

/**
 * Finds the process whose socket stands in the way of listening on `port` of the IP address `host`. Undefined when
 * there is none, when it belongs to another user and cannot be seen (proc(5)), or where there is no `/proc`.
 */
export async function findPortHolder(host: string, port: number): Promise<PortHolder | undefined> {
  const inodes = await findInodes(host, port)
  if (inodes.length === 0) return undefined
  const holders = await findHolders(new Set(inodes.map(inode => `socket:[${inode}]`)))
  return holders.sort((a, b) => a.pid - b.pid)[0]
}

/** Inodes of the sockets in the way: those that listen, or when none does, those that use the port otherwise. */
async function findInodes(host: string, port: number): Promise<number[]> {
  const entries = [
    ...(await readSocketTable('/proc/net/tcp', port)),
    ...(await readSocketTable('/proc/net/tcp6', port)),
  ]
  const wanted = addressInKernelForm(host)
  const inTheWay = entries.filter(({ address }) => address === wanted || isWildcard(address) || isWildcard(wanted))
  const listening = inTheWay.filter(entry => entry.listening)
  return (listening.length > 0 ? listening : inTheWay).map(({ inode }) => inode)
}

async function readSocketTable(path: string, port: number): Promise<SocketEntry[]> {
  const portInHex = port.toString(16).toUpperCase().padStart(4, '0')
  const entries: SocketEntry[] = []
  for (const line of (await readFile(path, 'latin1').catch(() => '')).split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/)
    const [address, localPort] = (fields[1] ?? '').split(':')
    const inode = Number(fields[9])
    if (address === undefined || localPort !== portInHex || !(inode > 0)) continue
    entries.push({ address, listening: fields[3] === listenState, inode })
  }
  return entries
}

function isWildcard(address: string): boolean {
  return /^0+$/.test(address)
}

/** The kernel prints an address as 32-bit words in the byte order of the machine. */
function addressInKernelForm(host: string): string {
  const bytes = host.includes(':') ? ipv6Bytes(host) : host.split('.').map(Number)
  let text = ''
  for (let word = 0; word < bytes.length; word += 4) {
    const four = bytes.slice(word, word + 4)
    if (endianness() === 'LE') four.reverse()
    text += Buffer.from(four).toString('hex').toUpperCase()
  }
  return text
}

function ipv6Bytes(host: string): number[] {
  // The URL parser brings every notation, an embedded IPv4 address included, to groups of hexadecimal digits.
  const groups = new URL(`http://[${host.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [before = '', after] = groups.split('::')
  const head = before.split(':').filter(group => group !== '')
  const tail = after === undefined ? [] : after.split(':').filter(group => group !== '')
  const zeros = new Array<string>(8 - head.length - tail.length).fill('0')
  return [...head, ...zeros, ...tail].flatMap(group => {
    const value = Number.parseInt(group, 16)
    return [value >> 8, value & 0xff]
  })
}

async function findHolders(links: ReadonlySet<string>): Promise<PortHolder[]> {
  const holders: PortHolder[] = []
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name) || !(await holdsOneOf(name, links))) continue
    holders.push({ pid: Number(name), command: await commandOf(name) })
  }
  return holders
}

async function holdsOneOf(pid: string, links: ReadonlySet<string>): Promise<boolean> {
  // Processes end, and those of other users refuse, while we look.
  for (const descriptor of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    if (links.has(await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => ''))) return true
  }
  return false
}

async function commandOf(pid: string): Promise<string> {
  const words = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const command = words.replaceAll('\0', ' ').replace(/\s+/g, ' ').trim()
  if (command === '') return (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'unknown')).trim()
  return command.length > longestCommand ? `${command.slice(0, longestCommand - 1)}…` : command
}
