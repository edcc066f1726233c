import type { Descriptors } from 'reactor'

const regionBytes = 2 * 1024 * 1024
const inputBytes = 256 * 1024
const outputBytes = 256 * 1024

/** A worker's memory for reading and writing: one of each, since it serves one connection at a time. */
export class IoBuffers {
  readonly input: Uint8Array
  readonly inputAddress: number
  readonly output: Uint8Array
  readonly outputAddress: number

  constructor({ mapRegion }: Descriptors) {
    const { memory, address } = mapRegion(regionBytes)
    this.input = memory.subarray(0, inputBytes)
    this.inputAddress = address
    this.output = memory.subarray(inputBytes, inputBytes + outputBytes)
    this.outputAddress = address + inputBytes
  }

  /** Where bytes lie that are part of the input; undefined when they are not. */
  inputAddressOf(bytes: Uint8Array): number | undefined {
    if (bytes.buffer !== this.input.buffer) return undefined
    return this.inputAddress + bytes.byteOffset - this.input.byteOffset
  }
}
