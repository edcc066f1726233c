import { writeSync } from 'node:fs'
import { inspect } from 'node:util'
import { Failure, UsageError } from './errors.js'
import { exitCode } from './exit-codes.js'

/** An error of a syscall, from Node or from the reactor. */
interface RefusedCall {
  readonly code: string
  readonly syscall: string
  readonly message: string
}

/** Refusals that only a mistake of our own can cause, whatever the user and the machine do. */
const ownMistakes = new Set(['EBADF', 'EFAULT', 'ENOTSOCK'])

const connectionCalls = new Set(['connect', 'getaddrinfo'])
const connectionCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT'])

/** Reports an error on stderr and ends the process with the exit code that fits it. */
export function endWith(name: string, error: unknown): never {
  const { message, code } = verdict(error)
  try {
    writeSync(process.stderr.fd, `${name}: ${message}\n`)
  } catch {
    // stderr is closed or full: the exit code still tells.
  }
  process.exit(code)
}

function verdict(error: unknown): { message: string; code: number } {
  if (error instanceof UsageError) return { message: error.message, code: exitCode.usage }
  if (error instanceof Failure) return { message: error.message, code: error.exitCode }
  if (isRefusedCall(error) && !ownMistakes.has(error.code)) {
    const connection = connectionCalls.has(error.syscall) || connectionCodes.has(error.code)
    const message = error.message.includes(error.code) ? error.message : `${error.message} (${error.code})`
    return { message, code: connection ? exitCode.connectionFailed : exitCode.checkFailed }
  }
  return { message: `internal fault\n${inspect(error)}`, code: exitCode.internalFault }
}

function isRefusedCall(error: unknown): error is RefusedCall {
  const { code, syscall } = (error ?? {}) as Partial<RefusedCall>
  return error instanceof Error && typeof code === 'string' && typeof syscall === 'string'
}
