import { clearLine, cursorTo } from 'node:readline'
import type { WriteStream } from 'node:tty'
import { formatSize } from 'command-line'
import sparkly from 'sparkly'
import { memoryBytes, type Sample } from '../sample.js'

const shownSamples = 30

/** Shows the newest sample: in place on a terminal, as one line each elsewhere. */
export class LiveLine {
  readonly #stream: NodeJS.WriteStream
  readonly #recent: number[] = []

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  show(sample: Sample): void {
    const line = describe(sample)
    if (!this.#stream.isTTY) {
      this.#stream.write(`${line}\n`)
      return
    }
    this.#recent.push(sample.cpuPercent)
    if (this.#recent.length > shownSamples) this.#recent.shift()
    const room = (this.#stream as WriteStream).columns - 1
    this.clear()
    this.#stream.write(`${line} ${sparkly(this.#recent, { minimum: 0 })}`.slice(0, room))
  }

  /** Leaves the terminal's line empty for what comes next. */
  clear(): void {
    if (!this.#stream.isTTY) return
    cursorTo(this.#stream, 0)
    clearLine(this.#stream, 0)
  }
}

function describe(sample: Sample): string {
  const { atMilliseconds, cpuPercent, processes, threads, descriptors } = sample
  return [
    `${(atMilliseconds / 1000).toFixed(1)}s`,
    `cpu ${cpuPercent.toFixed(1)} %`,
    `memory ${formatSize(memoryBytes(sample))}`,
    `${processes.length} processes`,
    `${threads} threads`,
    `${descriptors ?? 'unknown'} descriptors`,
  ].join('  ')
}
