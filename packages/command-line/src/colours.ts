import pc from 'picocolors'

const { FORCE_COLOR, NO_COLOR } = process.env

/**
 * The colours of what goes to stdout: on a terminal that has them, or when FORCE_COLOR asks for them, and never with
 * NO_COLOR (https://no-color.org). A pipe gets plain text, also where `CI` is set, which picocolors by itself colours.
 */
export const colours = pc.createColors(
  !NO_COLOR && (FORCE_COLOR ? FORCE_COLOR !== '0' : process.stdout.isTTY === true && process.stdout.hasColors())
)
