import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { exitCode, Failure } from 'command-line'

/** How long a command may take to end after SIGTERM before it gets SIGKILL, in milliseconds. */
const killAfter = 2000

/** What is monitored: a process that runs already, or a command that was started for the purpose. */
export interface Target {
  readonly pid: number
  readonly description: string
  /** How it ended, where we can know: the exit code, or 128 and the signal's number as shells report it. */
  readonly ending: Promise<number> | undefined
  /** Ends it, if we started it. */
  end(): Promise<void>
}

/** A process that somebody else has started, and ends. */
export function existingTarget(pid: number): Target {
  return { pid, description: `pid ${pid}`, ending: undefined, end: async () => {} }
}

/** Starts a command with our own standard streams. Rejects with a `Failure` when it cannot be started. */
export async function startTarget(command: readonly string[]): Promise<Target> {
  const [program = '', ...words] = command
  const child = spawn(program, words, { stdio: 'inherit' })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', error => reject(cannotStart(program, error)))
  })
  const ending = new Promise<number>(resolve => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
  return {
    pid: child.pid as number,
    description: `${command.join(' ')} (pid ${child.pid})`,
    ending,
    end: () => end(child, ending),
  }
}

function cannotStart(program: string, error: NodeJS.ErrnoException): Failure {
  const reason = error.code === 'ENOENT' ? 'no such program' : error.message
  return new Failure(`cannot start '${program}': ${reason}`, exitCode.checkFailed, { cause: error })
}

async function end(child: ChildProcess, ending: Promise<number>): Promise<void> {
  child.kill('SIGTERM')
  const kill = setTimeout(() => child.kill('SIGKILL'), killAfter)
  await ending
  clearTimeout(kill)
}
