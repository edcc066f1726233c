import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { exitCode, Failure } from 'command-line'

/** A program and its arguments. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

/** How much of what a program says on stderr is kept, in characters. */
const keptText = 4_000

/** How long a program may take to end after SIGTERM, in milliseconds; all of ours end at once. */
const patience = 1_000

const running = new Set<Program>()
process.on('exit', stopAllPrograms)
// Without a listener these would end this process alone. Ctrl-C is the business of who measures.
process.once('SIGHUP', () => process.exit(129))
process.once('SIGTERM', () => process.exit(143))

/** Ends all programs at once, with everything that they have started. */
export function stopAllPrograms(): void {
  for (const program of running) program.signal('SIGKILL')
}

/**
 * A program that runs, with everything that it starts, in a process group of its own. It ends with this process.
 * Its descriptor limit is raised as far as it may be (getrlimit(2)): a thousand connections must not need set-up.
 */
export class Program {
  readonly name: string
  readonly child: ChildProcess
  /** The exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>
  #errors = ''
  #hasEnded = false

  /** `output`: descriptors from 1 up, besides stderr, that are pipes to be read. */
  constructor(name: string, { program, args, environment }: Command, output: readonly (1 | 3)[] = []) {
    this.name = name
    const script = 'ulimit -n "$(ulimit -H -n)" && exec "$@"'
    this.child = spawn('sh', ['-c', script, 'sh', program, ...args], {
      detached: true,
      stdio: ['pipe', output.includes(1) ? 'pipe' : 'ignore', 'pipe', output.includes(3) ? 'pipe' : 'ignore'],
      env: { ...process.env, ...environment },
    })
    running.add(this)
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors = (this.#errors + text).slice(-keptText)
    })
    // Who writes to a program that is gone learns it from its end.
    this.child.stdin?.on('error', () => {})
    this.ended = once(this.child, 'exit').then(([code, signal]) => {
      this.#hasEnded = true
      return (code as number | null) ?? (signal as string)
    })
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Failure(`${this.name} cannot be started`, exitCode.checkFailed)
    return this.child.pid
  }

  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** The last line that the program said on stderr, for one's own message about it; empty if there was none. */
  get lastWords(): string {
    return this.#errors.trim().split('\n').at(-1)?.trim() ?? ''
  }

  /** Sends a signal to the program and everything that it has started. Those that are gone are no error. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  /** Ends the program, politely first, and everything that it has started. */
  async stop(): Promise<void> {
    if (!this.#hasEnded) {
      this.signal('SIGTERM')
      const timer = setTimeout(() => this.signal('SIGKILL'), patience)
      await this.ended
      clearTimeout(timer)
    }
    // Children may outlive the one that started them.
    this.signal('SIGKILL')
    running.delete(this)
  }
}
