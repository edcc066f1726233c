import { type ChildProcess, spawn } from 'node:child_process'
import { ownChild } from './subreaper.js'

// Sleeps until its standard input ends. Ended by the word `done` it leaves; ended by our death it kills what we left.
const script = `
trap '' INT TERM HUP
doomed=
while read -r word; do
  [ "$word" = done ] && exit 0
  doomed="$doomed $word"
done
for target in $doomed; do
  kill -KILL "$target" 2>/dev/null
done
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
    ownChild(this.#shell)
    this.#shell.on('error', () => {})
    this.#shell.stdin?.on('error', () => {})
    this.#shell.unref()
  }

  /** Names a process group to kill. */
  watchGroup(group: number): void {
    this.#shell.stdin?.write(`-${group}\n`)
  }

  /** Names a process to kill. */
  watchProcess(pid: number): void {
    this.#shell.stdin?.write(`${pid}\n`)
  }

  /** The program has ended, or never started: nothing is to be killed any more. */
  dismiss(): void {
    this.#shell.stdin?.end('done\n')
  }
}
