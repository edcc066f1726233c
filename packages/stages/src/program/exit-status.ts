import { constants } from 'node:os'

/** How a process ended: exactly one of the two is set. */
export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** A shell reports a command that a signal ended as 128 plus the signal's number. */
const shellSignalBase = 128

/** For a sentence: `exited with status 3`, `was killed by SIGSEGV`. */
export function describeExit({ code, signal }: ExitStatus): string {
  const name = signal ?? signalOfShell(code)
  return name === undefined ? `exited with status ${code}` : `was killed by ${name}`
}

function signalOfShell(code: number | null): string | undefined {
  if (code === null || code <= shellSignalBase) return undefined
  return Object.entries(constants.signals).find(([, number]) => number === code - shellSignalBase)?.[0]
}
