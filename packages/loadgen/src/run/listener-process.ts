import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** State `TCP_LISTEN` in /proc/net/tcp (Linux: include/net/tcp_states.h). */
const listening = '0A'

/**
 * The process on this machine that listens on a port (proc(5): `/proc/net/tcp` has the socket's inode, `/proc/PID/fd`
 * who has it open). Of several, such as a parent and its forked workers, the one that was started first. Undefined
 * where there is none, or where its descriptors may not be looked at.
 */
export function listenerOf(port: number): number | undefined {
  const inodes = new Set(['tcp', 'tcp6'].flatMap(table => listenersIn(`/proc/net/${table}`, port)))
  if (inodes.size === 0) return undefined
  const owners = listOf('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => listOf(`/proc/${pid}/fd`).some(fd => inodes.has(inodeOf(`/proc/${pid}/fd/${fd}`))))
    .map(Number)
  return owners.sort((one, other) => startOf(one) - startOf(other) || one - other)[0]
}

function listenersIn(table: string, port: number): string[] {
  return contentOf(table)
    .split('\n')
    .map(line => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listening && Number.parseInt(local?.split(':')[1] ?? '', 16) === port)
    .map(fields => fields[9] as string)
}

function inodeOf(descriptor: string): string {
  try {
    return readlinkSync(descriptor).match(/^socket:\[(\d+)\]$/)?.[1] ?? ''
  } catch {
    return ''
  }
}

/** When a process was started, in ticks since the system was. */
function startOf(pid: number): number {
  // The name, in parentheses, may contain anything.
  const [, fields = ''] = contentOf(`/proc/${pid}/stat`).match(/.*\)(.*)/s) ?? []
  return Number(fields.trim().split(' ')[19] ?? 0)
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
