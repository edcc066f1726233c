import { type ChildProcess, spawn } from 'node:child_process'

// Sleeps until its standard input ends. Ended by the word `done` it leaves; ended by our death it kills what we left.
const script = `
trap '' INT TERM HUP
read -r group
read -r word && exit 0
[ -n "$group" ] && kill -KILL "-$group" 2>/dev/null
for environment in /proc/[0-9]*/environ; do
  if grep -qF -e "$1" "$environment" 2>/dev/null; then
    pid=\${environment#/proc/}
    kill -KILL "\${pid%/environ}" 2>/dev/null
  fi
done
`

/**
 * A shell in a session of its own that outlives us for a moment: when this process ends without a chance to clean up
 * (SIGKILL, a watchdog), it kills the program with everything that carries its mark.
 */
export class Guardian {
  readonly #shell: ChildProcess

  /** `mark` is the `NAME=value` that the program's environment carries. */
  constructor(mark: string) {
    this.#shell = spawn('/bin/sh', ['-c', script, 'guardian', mark], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.#shell.on('error', () => {})
    this.#shell.stdin?.on('error', () => {})
    this.#shell.unref()
  }

  /** Names the process group to kill. */
  watch(group: number): void {
    this.#shell.stdin?.write(`${group}\n`)
  }

  /** The program has ended, or never started: nothing is to be killed any more. */
  dismiss(): void {
    this.#shell.stdin?.end('\ndone\n')
  }
}
