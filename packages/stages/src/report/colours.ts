import pc from 'picocolors'

/** Of the verdicts, on a terminal. */
export const colours = { pass: pc.green, fail: pc.red, unknown: pc.yellow } as const
