import { readFileSync } from 'node:fs'
import type { StreamKey } from './generator.js'
import { blockBytes, pattern, wordAtOffset, wordBytes } from './stream-bytes.js'
import { webAssembly } from './web-assembly.js'

/**
 * The two inner loops of the payload, over one stretch of memory. Both start at byte `offset` of an epoch, and neither
 * may run past its end.
 */
export interface PayloadKernel {
  /** All the memory that the kernel can reach; positions below count from its beginning. */
  readonly memory: Uint8Array<ArrayBuffer>
  /** Writes `length` bytes of the stream at `position`. */
  fill(position: number, length: number, offset: number, key: StreamKey): void
  /** How many of the `length` bytes at `position` are right before the first that differs from the stream; -1: all. */
  mismatch(position: number, length: number, offset: number, key: StreamKey): number
}

type Inner<Result> = (
  position: number,
  length: number,
  block: number,
  within: number,
  key0: number,
  key1: number
) => Result

const pageBytes = 65536

/**
 * The kernel in WebAssembly, over `bytes` of memory of its own that never moves. Its pages cost nothing until they are
 * touched. Throws where WebAssembly has no SIMD or the address space is too small (`ulimit -v`).
 */
export function createWasmKernel(bytes: number): PayloadKernel {
  const pages = Math.ceil((bytes + blockBytes) / pageBytes)
  const memory = new webAssembly.Memory({ initial: pages, maximum: pages })
  const patternStart = pages * pageBytes - blockBytes
  putPattern(new DataView(memory.buffer, patternStart))
  const module = new webAssembly.Module(readFileSync(new URL('./payload.wasm', import.meta.url)))
  const instance = new webAssembly.Instance(module, { payload: { memory, pattern: patternStart, blockBytes } })
  const fill = instance.exports.fill as unknown as Inner<void>
  const mismatch = instance.exports.mismatch as unknown as Inner<number>
  return {
    memory: new Uint8Array(memory.buffer, 0, bytes),
    fill(position, length, offset, { key0, key1 }) {
      const block = Math.floor(offset / blockBytes)
      fill(position, length, block, offset - block * blockBytes, key0, key1)
    },
    mismatch(position, length, offset, { key0, key1 }) {
      const block = Math.floor(offset / blockBytes)
      return mismatch(position, length, block, offset - block * blockBytes, key0, key1)
    },
  }
}

function putPattern(target: DataView): void {
  for (const [at, word] of pattern.entries()) target.setUint32(at * wordBytes, word, true)
}

/** The kernel in plain TypeScript: the reference for the tests, and what runs where the other one cannot. */
export function createReferenceKernel(bytes: number): PayloadKernel {
  const memory = new Uint8Array(bytes)
  return {
    memory,
    fill(position, length, offset, key) {
      let word = 0
      for (let at = 0; at < length; at++) {
        const phase = (offset + at) % wordBytes
        if (at === 0 || phase === 0) word = wordAtOffset(offset + at - phase, key)
        memory[position + at] = word >>> (phase * 8)
      }
    },
    mismatch(position, length, offset, key) {
      let word = 0
      for (let at = 0; at < length; at++) {
        const phase = (offset + at) % wordBytes
        if (at === 0 || phase === 0) word = wordAtOffset(offset + at - phase, key)
        if (memory[position + at] !== ((word >>> (phase * 8)) & 0xff)) return at
      }
      return -1
    },
  }
}

/** The fastest kernel that runs here. */
export function createKernel(bytes: number): PayloadKernel {
  try {
    return createWasmKernel(bytes)
  } catch (error) {
    if (error instanceof webAssembly.CompileError || error instanceof RangeError) return createReferenceKernel(bytes)
    throw error
  }
}
