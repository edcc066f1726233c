import { createWriteStream, type WriteStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { bytes, count } from '../format.js'

/** What is kept in memory of each stream: enough for a stack trace, in bytes. */
const tailBytes = 64 * 1024

/** What is kept in the evidence folder from the beginning of each stream, in bytes. A program may log without end. */
const fileBytes = 16 * 1024 * 1024

/** So many looks in a row, so many milliseconds apart, find nothing new in a stream that has nothing more to say. */
const quietLooks = 5
const quietStep = 20

/**
 * Reads an output stream of a program for as long as it lasts, whatever it says and however much: a program must
 * never block because nobody reads its log.
 */
export class ProgramOutput {
  #ended = false
  #tail: Buffer = Buffer.alloc(0)
  #total = 0
  #file: WriteStream | undefined

  /**
   * `path` is where to keep the stream: its first 16 MiB, and when there was more, a line that says so and the last
   * 64 KiB. Nowhere when undefined.
   */
  constructor(stream: Readable, path: string | undefined) {
    if (path !== undefined) {
      this.#file = createWriteStream(path)
      // Evidence that cannot be written (a full disk) must not change the verdict.
      this.#file.on('error', () => {
        this.#file = undefined
      })
    }
    stream.on('data', (chunk: Buffer) => this.#take(chunk))
    const end = () => {
      this.#ended = true
    }
    finished(stream, { writable: false }).then(end, end)
  }

  /** Bytes that the program has written so far. */
  get total(): number {
    return this.#total
  }

  /** The last lines, without the empty ones. A line cut off by the limit on memory is left out. */
  lastLines(count: number): string[] {
    const lines = this.#tail.toString('utf8').split('\n')
    if (this.#total > this.#tail.length && lines.length > 1) lines.shift()
    return lines
      .map(line => line.trimEnd())
      .filter(line => line !== '')
      .slice(-count)
  }

  /**
   * For the last words of a process that has ended: waits until the stream has ended, or, since another process may
   * hold it open, until nothing more comes.
   */
  async drained(): Promise<void> {
    let quiet = 0
    for (let total = this.#total; !this.#ended && quiet < quietLooks; total = this.#total) {
      await sleep(quietStep)
      quiet = this.#total === total ? quiet + 1 : 0
    }
  }

  /** Ends the file in the evidence folder; to be called when the program has ended. Never throws. */
  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    if (!file) return
    const beyond = this.#total - fileBytes
    if (beyond > 0) {
      const tail = this.#tail.subarray(-beyond)
      const left = beyond - tail.length
      file.write(
        `\n[cut here by stages: the program wrote ${bytes(this.#total)}; ` +
          `${count(fileBytes)} stand above, ${count(left)} are left out, the last ${count(tail.length)} follow]\n`
      )
      file.write(tail)
    }
    file.end()
    await finished(file).catch(() => {})
  }

  #take(chunk: Buffer): void {
    const room = fileBytes - this.#total
    if (room > 0) this.#file?.write(chunk.subarray(0, room))
    this.#total += chunk.length
    this.#tail =
      chunk.length >= tailBytes
        ? chunk.subarray(-tailBytes)
        : Buffer.concat([this.#tail.subarray(chunk.length - tailBytes), chunk])
  }
}
