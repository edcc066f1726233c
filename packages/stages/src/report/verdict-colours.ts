import { colours } from 'command-line'
import type { Verdict } from '../verdict.js'

/** Of the verdicts, on a terminal. */
export const verdictColours: Readonly<Record<Verdict, (text: string) => string>> = {
  pass: colours.green,
  fail: colours.red,
  unknown: colours.yellow,
}
