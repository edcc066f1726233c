import type { Region } from '../src/index.js'

/** A region of Node's own memory, for tests that make no syscalls. */
export function ordinaryRegion(bytes: number): Region {
  return { memory: new Uint8Array(bytes), address: 0 }
}
