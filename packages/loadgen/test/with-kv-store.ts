import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withScriptedServer } from './with-protocol-server.js'

/** What a set has stored. */
export interface StoredItem {
  readonly key: string
  readonly flags: string
  readonly expiry: string
  readonly bytes: Buffer
}

/** Where a store does not do what it has to. Numbers count gets and sets from 0, over all connections. */
export interface StoreFaults {
  /** What to show for a key, given everything that was ever set under it, oldest first. Default: what was set last. */
  readonly show?: (
    items: readonly StoredItem[],
    get: number,
    all: ReadonlyMap<string, StoredItem[]>
  ) => StoredItem | undefined
  /** Whole replies as they go out. */
  readonly getReply?: (reply: Buffer, get: number) => Buffer
  readonly setReply?: (set: number, item: StoredItem) => string
  /** Reads nothing from a new connection for so long (ms). */
  readonly hesitation?: number
}

/** Runs `use` with a small store in memory that speaks get and set, and has the given faults. */
export function withKvStore<Result>(faults: StoreFaults, use: (port: number) => Promise<Result>): Promise<Result> {
  const all = new Map<string, StoredItem[]>()
  let [gets, sets] = [0, 0]
  const answerGet = (key: string): Buffer => {
    const items = all.get(key) ?? []
    const item = faults.show === undefined ? items.at(-1) : faults.show(items, gets, all)
    const reply = item === undefined ? Buffer.from('END\r\n') : valueReply(key, item)
    return (faults.getReply ?? (same => same))(reply, gets++)
  }
  const answerSet = (item: StoredItem): string => {
    const items = all.get(item.key)
    if (items === undefined) all.set(item.key, [item])
    else items.push(item)
    return (faults.setReply ?? (() => 'STORED\r\n'))(sets++, item)
  }
  return withScriptedServer(socket => {
    if (faults.hesitation !== undefined) {
      socket.pause()
      setTimeout(() => socket.resume(), faults.hesitation)
    }
    serve(socket, answerGet, answerSet)
  }, use)
}

function valueReply(key: string, { flags, bytes }: StoredItem): Buffer {
  return Buffer.concat([Buffer.from(`VALUE ${key} ${flags} ${bytes.length}\r\n`), bytes, Buffer.from('\r\nEND\r\n')])
}

function serve(socket: Socket, answerGet: (key: string) => Buffer, answerSet: (item: StoredItem) => string): void {
  let held: Buffer = Buffer.alloc(0)
  socket.on('data', chunk => {
    held = Buffer.concat([held, chunk])
    for (;;) {
      const end = held.indexOf('\r\n')
      if (end === -1) return
      const [command, key = '', flags = '', expiry = '', size = '0'] = held.toString('latin1', 0, end).split(' ')
      const length = command === 'set' ? end + 2 + Number(size) + 2 : end + 2
      if (held.length < length) return
      const bytes = Buffer.from(held.subarray(end + 2, length - 2))
      held = held.subarray(length)
      socket.write(command === 'set' ? answerSet({ key, flags, expiry, bytes }) : answerGet(key))
    }
  })
}

/** Debian's memcached, where this machine has it. */
export const memcached: string | undefined = (process.env.PATH ?? '')
  .split(':')
  .map(folder => join(folder, 'memcached'))
  .find(isExecutable)

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Runs `use` with memcached, and ends it whatever happens. */
export async function withMemcached<Result>(
  args: readonly string[],
  use: (port: number) => Promise<Result>
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'loadgen-'))
  const portFile = join(folder, 'port')
  // Its own choice of port, which it writes down; and root has to name a user.
  const user = process.getuid?.() === 0 ? ['-u', 'root'] : []
  const child = spawn(memcached as string, ['-l', '127.0.0.1', '-p', '-1', '-U', '0', ...user, ...args], {
    env: { ...process.env, MEMCACHED_PORT_FILENAME: portFile },
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  try {
    let port: string | undefined
    for (let tries = 0; port === undefined && tries < 500; tries++) {
      await sleep(10)
      port = /^TCP INET: (\d+)$/m.exec(existsSync(portFile) ? readFileSync(portFile, 'utf8') : '')?.[1]
    }
    if (port === undefined) throw new Error('memcached did not start')
    return await use(Number(port))
  } finally {
    process.off('exit', kill)
    kill()
    await ended
    rmSync(folder, { recursive: true })
  }
}
