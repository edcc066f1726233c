import type { Options } from 'yargs'

/**
 * Options as help shows them: under a heading, and without the word `[string]` behind each. All values are read as
 * text anyway (see run-command-line.ts), and each option that takes one insists on it.
 */
export function underHeading(
  heading: string,
  options: Readonly<Record<string, Options>>
): Readonly<Record<string, Options>> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, ...option }]) => {
      const untyped = type === 'string' && option.requiresArg !== false
      return [name, { group: heading, ...option, ...(untyped ? { requiresArg: true } : type && { type }) }]
    })
  )
}

/** Examples as a paragraph: yargs would put them into columns, which break long commands. */
export function examplesText(examples: readonly (readonly [command: string, explanation: string])[]): string {
  return ['Examples:', ...examples.map(([command, explanation]) => `  loadgen ${command}\n      ${explanation}`)].join(
    '\n'
  )
}
