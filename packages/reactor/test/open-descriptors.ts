import { readdirSync, readlinkSync } from 'node:fs'

/** How many descriptors of a kind (proc_pid_fd(5)) this process has open. Others come and go with Node's own threads. */
export function openDescriptors(kind: RegExp): number {
  return readdirSync('/proc/self/fd').filter(fd => kind.test(targetOf(fd))).length
}

function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    // The descriptor of the folder itself.
    return ''
  }
}
