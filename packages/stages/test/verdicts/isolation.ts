import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { freePortRange } from '../free-ports.js'

const execute = promisify(execFile)

const stagePorts = [8001, 8002, 8003, 8004]

/** How the ports of runs at the same time are kept apart. */
export const isolations = ['namespaces', 'ports', 'none'] as const

export type Isolation = (typeof isolations)[number]

/** Where one run finds its ports, and what it must be started through. */
export interface Place {
  readonly ports: readonly number[]
  readonly wrapper: readonly string[]
}

/** SIOCSIFFLAGS with IFF_UP and IFF_RUNNING (netdevice(7)), for machines without iproute2. */
const raiseInPython = `import fcntl, socket, struct
fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh14x", b"lo", 0x41))`

const raiseLoopback = `ip link set lo up 2>/dev/null || python3 -c '${raiseInPython}' || exit 1; exec "$@"`

/** Becomes the program that follows, alone with a loopback interface of its own (user_namespaces(7)). */
const namespaceWrapper = ['unshare', '--user', '--map-root-user', '--net', 'sh', '-c', raiseLoopback, 'sh']

const connectToItself = `const server = require('node:net').createServer(socket => socket.destroy())
server.listen(8001, '127.0.0.1', () => require('node:net').connect(8001, '127.0.0.1').on('close', () => server.close()))`

/** The best that this machine allows: namespaces, where whoever runs this may make some, or else other ports. */
export async function bestIsolation(): Promise<Isolation> {
  const [command, ...args] = [...namespaceWrapper, process.execPath, '-e', connectToItself]
  try {
    await execute(command as string, args, { timeout: 10_000 })
    return 'namespaces'
  } catch {
    return 'ports'
  }
}

/** A place for one run. */
export async function findPlace(isolation: Isolation): Promise<Place> {
  if (isolation === 'ports') return { ports: await freePortRange(stagePorts.length), wrapper: [] }
  return { ports: stagePorts, wrapper: isolation === 'namespaces' ? namespaceWrapper : [] }
}
