import { readFileSync } from 'node:fs'
import { type StreamKey, wordAt } from './generator.js'
import { webAssembly } from './web-assembly.js'

/**
 * The two inner loops of the payload, over one stretch of memory. Both start at byte `phase` (0 to 3) of word number
 * `index`, and neither may run past the last word of an epoch.
 */
export interface PayloadKernel {
  /** All the memory that the kernel can reach; positions below count from its beginning. */
  readonly memory: Uint8Array<ArrayBuffer>
  /** Writes `length` bytes of the stream at `position`. */
  fill(position: number, length: number, index: number, phase: number, key: StreamKey): void
  /** How many of the `length` bytes at `position` are right before the first that differs from the stream; -1: all. */
  mismatch(position: number, length: number, index: number, phase: number, key: StreamKey): number
}

type Inner<Result> = (
  position: number,
  length: number,
  index: number,
  phase: number,
  key0: number,
  key1: number
) => Result

const pageBytes = 65536

/**
 * The kernel in WebAssembly, over `bytes` of memory of its own that never moves. Its pages cost nothing until they are
 * touched. Throws where WebAssembly has no SIMD or the address space is too small (`ulimit -v`).
 */
export function createWasmKernel(bytes: number): PayloadKernel {
  const pages = Math.ceil(bytes / pageBytes)
  const memory = new webAssembly.Memory({ initial: pages, maximum: pages })
  const module = new webAssembly.Module(readFileSync(new URL('./payload.wasm', import.meta.url)))
  const instance = new webAssembly.Instance(module, { payload: { memory } })
  const fill = instance.exports.fill as unknown as Inner<void>
  const mismatch = instance.exports.mismatch as unknown as Inner<number>
  return {
    memory: new Uint8Array(memory.buffer),
    fill: (position, length, index, phase, key) => fill(position, length, index, phase, key.key0, key.key1),
    mismatch: (position, length, index, phase, key) => mismatch(position, length, index, phase, key.key0, key.key1),
  }
}

/** The kernel in plain TypeScript: the reference for the tests, and what runs where the other one cannot. */
export function createReferenceKernel(bytes: number): PayloadKernel {
  const memory = new Uint8Array(bytes)
  return {
    memory,
    fill(position, length, index, phase, key) {
      let word = 0
      for (let at = phase; at < phase + length; at++) {
        if (at === phase || (at & 3) === 0) word = wordAt(index + (at >>> 2), key)
        memory[position + at - phase] = word >>> ((at & 3) << 3)
      }
    },
    mismatch(position, length, index, phase, key) {
      let word = 0
      for (let at = phase; at < phase + length; at++) {
        if (at === phase || (at & 3) === 0) word = wordAt(index + (at >>> 2), key)
        if (memory[position + at - phase] !== ((word >>> ((at & 3) << 3)) & 0xff)) return at - phase
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
