import { closeSync, constants, existsSync, fstatSync, ftruncateSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { UsageError } from 'command-line'

/** Where an output goes: to a file, or to stdout. */
export interface Destination {
  readonly onStdout: boolean
  /** Empties it, where that has not been done: what stood there before is kept until there is something better. */
  begin(): void
  /** Does not throw: a full disk must not end a run. */
  write(text: string): void
  close(): void
}

/** Opens what the options of one command line name, and remembers what could not be written. */
export class Destinations {
  /** One line for each destination that lacks something. */
  readonly problems: string[] = []
  readonly #open = new Map<string, string>()
  readonly #files: (Destination & { remove(): void })[] = []

  /** True when stdout carries an output that a program will read. */
  get stdoutTaken(): boolean {
    return this.#open.has('-')
  }

  /**
   * Opens a file at once, so that a run cannot end with nowhere to put its report, but does not change it yet; `-` or
   * nothing is stdout. Throws a UsageError where that fails, and for what another option has opened.
   */
  open(option: string, name: string): Destination {
    const file = name === '' ? '-' : name
    const other = this.#open.get(file)
    if (other !== undefined) {
      const place = file === '-' ? 'stdout' : file
      throw new UsageError(`${option}: ${other} writes to ${place} already; expected another file`)
    }
    this.#open.set(file, option)
    if (file === '-') return { onStdout: true, begin() {}, write: text => process.stdout.write(text), close() {} }
    const destination = this.#openFile(option, file)
    this.#files.push(destination)
    return destination
  }

  /** What the files are for begins: they are emptied. */
  begin(): void {
    for (const file of this.#files) file.begin()
  }

  /** What the files are for does not begin: they are left as they were before they were opened. */
  leave(): void {
    for (const file of this.#files) file.remove()
  }

  #openFile(option: string, file: string): Destination & { remove(): void } {
    const isNew = !existsSync(file)
    const descriptor = openForWriting(option, file)
    let [failed, begun] = [false, false]
    const begin = () => {
      if (!begun && fstatSync(descriptor).isFile()) ftruncateSync(descriptor)
      begun = true
    }
    return {
      onStdout: false,
      begin,
      remove: () => {
        closeSync(descriptor)
        if (isNew) rmSync(file, { force: true })
      },
      write: text => {
        if (failed) return
        try {
          begin()
          writeFileSync(descriptor, text)
        } catch (error) {
          failed = true
          this.problems.push(`${option}: ${file} is not complete (${(error as NodeJS.ErrnoException).code})`)
        }
      },
      close: () => closeSync(descriptor),
    }
  }
}

function openForWriting(option: string, file: string): number {
  try {
    return openSync(file, constants.O_WRONLY | constants.O_CREAT)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`${option}: cannot write ${file} (${code}); expected the name of a file`)
  }
}
