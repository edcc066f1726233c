import { closeSync, fstatSync, openSync, writeSync } from 'node:fs'
import { StartError } from '../../start-error.js'
import { TimeStamps, WallClock } from './wall-clock.js'

/**
 * An append-only log that many threads and processes write to at once. Each record is one line, written by one call on
 * a descriptor with `O_APPEND`, which the kernel does not mix with others (open(2), write(2)); what a call has written
 * stays, whoever is killed after it.
 */
export class JournalFile {
  readonly #fd: number
  readonly #clock = new WallClock()
  readonly #stamps = new TimeStamps()
  /** The last record could not be written to its end: the next one begins a line of its own. */
  #torn = false

  /** Opens or creates the file. Throws a StartError. */
  constructor(path: string) {
    try {
      this.#fd = openSync(path, 'a', 0o640)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw new StartError(`journal '${path}' cannot be written (${code}); name another file with --journal`)
    }
    if (fstatSync(this.#fd).isFile()) return
    closeSync(this.#fd)
    throw new StartError(`journal '${path}' is not a file; name one with --journal`)
  }

  /** Appends a record; it is in the file when the call returns. Throws an Error of the system. */
  append(text: string): void {
    const line = `${this.#torn ? '\n' : ''}${this.#stamps.format(this.#clock.now())} -- ${text}\n`
    const record = Buffer.from(line)
    const written = writeSync(this.#fd, record)
    this.#torn = written < record.length
    if (this.#torn) throw new Error(`only ${written} of ${record.length} bytes could be written`)
  }

  close(): void {
    closeSync(this.#fd)
  }
}
