import { exitCode } from 'command-line'
import type { Verdict } from '../verdict.js'

/** What a verdict means for whoever called. */
export const verdictExitCode = {
  pass: exitCode.success,
  fail: exitCode.checkFailed,
  unknown: exitCode.unknown,
} as const satisfies Record<Verdict, number>
