/** The command line was wrong. The message is one line: what was wrong and what was expected. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A failure that is nobody's bug. The message is one line; the program ends with the exit code. */
export class Failure extends Error {
  override readonly name = 'Failure'
  /** One of `exitCode`, or the exit code of a program that ran on our behalf. */
  readonly exitCode: number

  constructor(message: string, exitCode: number, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}
