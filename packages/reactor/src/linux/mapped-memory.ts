import type { Region } from '../arena.js'
import { SystemError } from '../system-error.js'
import { MADV_DONTNEED, MADV_HUGEPAGE, MAP_PRIVATE_ANONYMOUS, PROT_READ_WRITE } from './constants.js'
import { errno, madvise, mmap, munmap, viewOf } from './libc.js'

const hugePage = 2 * 1024 * 1024

/** Maps private zeroed pages (mmap(2)) and returns their address. Throws a SystemError. */
function mapPages(bytes: number): number {
  const address = mmap(0, bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0)
  if (typeof address !== 'number') throw SystemError.fromErrno('mmap', errno(), `${bytes} bytes`)
  return address
}

/** A few bytes at a fixed address to pass structures in; never freed. */
export function mapScratch(bytes: number): { address: number; view: DataView } {
  const address = mapPages(bytes)
  return { address, view: new DataView(viewOf(address, bytes)) }
}

/**
 * Asks for huge pages under `[address, address + length)` (madvise(2) MADV_HUGEPAGE). Advice only: a kernel without
 * them serves small pages and copies a little slower.
 */
export function adviseHugePages(address: number, length: number): void {
  madvise(address, length, MADV_HUGEPAGE)
}

/**
 * Maps a region aligned to 2 MiB and advised to be backed by huge pages, from which the kernel copies to and from
 * sockets at C's speed. `bytes` is a multiple of 2 MiB. Throws a SystemError when there is no memory.
 */
export function mapRegion(bytes: number): Region {
  const mapped = mapPages(bytes + hugePage)
  const address = Math.ceil(mapped / hugePage) * hugePage
  const before = address - mapped
  if (before > 0) munmap(mapped, before)
  if (before < hugePage) munmap(address + bytes, hugePage - before)
  adviseHugePages(address, bytes)
  return {
    memory: new Uint8Array(viewOf(address, bytes)),
    address,
    discard: () => {
      madvise(address, bytes, MADV_DONTNEED)
    },
  }
}
