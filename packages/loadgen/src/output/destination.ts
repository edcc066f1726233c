import { closeSync, openSync, writeFileSync } from 'node:fs'
import { UsageError } from 'command-line'

/** Where an output goes: to a file, or to stdout. */
export interface Destination {
  readonly onStdout: boolean
  /** Does not throw: a full disk must not end a run. */
  write(text: string): void
  close(): void
}

/** Opens what the options of one command line name, and remembers what could not be written. */
export class Destinations {
  /** One line for each destination that lacks something. */
  readonly problems: string[] = []
  readonly #open = new Map<string, string>()

  /** True when stdout carries an output that a program will read. */
  get stdoutTaken(): boolean {
    return this.#open.has('-')
  }

  /**
   * Opens a file at once, so that a run cannot end with nowhere to put its report; `-` or nothing is stdout. Throws a
   * UsageError where that fails, and for what another option has opened.
   */
  open(option: string, name: string): Destination {
    const file = name === '' ? '-' : name
    const other = this.#open.get(file)
    if (other !== undefined) {
      const place = file === '-' ? 'stdout' : file
      throw new UsageError(`${option}: ${other} writes to ${place} already; expected another file`)
    }
    this.#open.set(file, option)
    if (file === '-') return { onStdout: true, write: text => process.stdout.write(text), close() {} }
    return this.#openFile(option, file)
  }

  #openFile(option: string, file: string): Destination {
    const descriptor = openForWriting(option, file)
    let failed = false
    return {
      onStdout: false,
      write: text => {
        if (failed) return
        try {
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
    return openSync(file, 'w')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`${option}: cannot write ${file} (${code}); expected the name of a file`)
  }
}
