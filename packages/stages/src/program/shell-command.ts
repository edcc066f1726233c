/** What makes a command line more than one command: then the shell has to stay. */
const compound = /[;&|<>()`\n]/

/** Words with which a command line begins that is no program's: assignments, reserved words, `exec` itself. */
const noProgram = /^(\w+=|(!|\{|\[\[|if|for|while|until|case|time|exec|cd|\.)(\s|$))/

/**
 * The command line for `/bin/sh -c` that runs the program in the place of the shell, where that is possible: its pid
 * is then the program's, and so is how it ends. Any other command line stays as it is.
 */
export function withoutShell(command: string): string {
  const trimmed = command.trim()
  return trimmed === '' || compound.test(trimmed) || noProgram.test(trimmed) ? command : `exec ${trimmed}`
}
