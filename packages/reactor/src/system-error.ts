import { getSystemErrorMap } from 'node:util'

let codesByNumber: Map<number, [string, string]> | undefined

/** An operation that the operating system refused: which one, on what, and why. */
export class SystemError extends Error {
  override readonly name = 'SystemError'
  /** The symbol of errno(3), such as `ECONNRESET`. */
  readonly code: string
  /** The syscall, such as `recv`. */
  readonly syscall: string
  /** What was being done, such as `127.0.0.1:8001`; empty when there is nothing to add. */
  readonly subject: string

  constructor(syscall: string, code: string, subject = '', options?: ErrorOptions) {
    super(`${syscall}${subject === '' ? '' : ` ${subject}`}: ${describe(code)} (${code})`, options)
    this.syscall = syscall
    this.code = code
    this.subject = subject
  }

  /** From a positive errno number. */
  static fromErrno(syscall: string, errno: number, subject = ''): SystemError {
    return new SystemError(syscall, codeOf(errno), subject)
  }
}

function errorMap(): Map<number, [string, string]> {
  codesByNumber ??= getSystemErrorMap()
  return codesByNumber
}

function codeOf(errno: number): string {
  return errorMap().get(-errno)?.[0] ?? `errno ${errno}`
}

function describe(code: string): string {
  for (const [symbol, text] of errorMap().values()) {
    if (symbol === code) return text
  }
  return 'unknown error'
}
