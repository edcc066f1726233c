import { createWriteStream, type WriteStream } from 'node:fs'
import type { Readable } from 'node:stream'

/** What is kept in memory of each stream: enough for a stack trace, in bytes. */
const tailBytes = 64 * 1024

/** What is kept in the evidence folder of each stream, in bytes. A program may log without end. */
const fileBytes = 16 * 1024 * 1024

/**
 * Reads an output stream of a program for as long as it lasts, whatever it says and however much: a program must
 * never block because nobody reads its log.
 */
export class ProgramOutput {
  #tail = Buffer.alloc(0)
  #total = 0
  #file: WriteStream | undefined

  /** `path` is where to keep the beginning of the stream; nowhere when undefined. */
  constructor(stream: Readable, path: string | undefined) {
    if (path !== undefined) {
      this.#file = createWriteStream(path)
      // Evidence that cannot be written (a full disk) must not change the verdict.
      this.#file.on('error', () => {
        this.#file = undefined
      })
    }
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    stream.on('error', () => {})
    stream.on('close', () => this.#file?.end())
  }

  /** Bytes that the program has written so far. */
  get total(): number {
    return this.#total
  }

  /** The last lines, without the empty ones. A line cut off by the limit on memory is left out. */
  lastLines(count: number): string[] {
    const lines = this.#tail.toString('utf8').split('\n')
    if (this.#total > this.#tail.length) lines.shift()
    return lines
      .map(line => line.trimEnd())
      .filter(line => line !== '')
      .slice(-count)
  }

  /** Stops writing to the evidence folder; to be called when the program has ended. */
  close(): void {
    this.#file?.end()
    this.#file = undefined
  }

  #take(chunk: Buffer): void {
    const room = fileBytes - this.#total
    if (room > 0) this.#file?.write(chunk.subarray(0, room))
    this.#total += chunk.length
    this.#tail = Buffer.concat([this.#tail, chunk.subarray(-tailBytes)]).subarray(-tailBytes)
  }
}
