import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { exitCode, Failure } from 'command-line'
import { readProcessStat } from './process-stat.js'

/** How a command that we started has ended. */
export interface Ending {
  /** Its exit code, or 128 and the signal's number as shells report it. */
  readonly exitCode: number
  /** The signal that ended it, such as `SIGSEGV`. */
  readonly signal: string | undefined
  /** Seconds of CPU time of its whole life and of all that it waited for, as the kernel counted them. */
  readonly cpuSeconds: number
}

/** What is monitored: a process that runs already, or a command that was started for the purpose. */
export interface Target {
  readonly pid: number
  readonly description: string
  /** How it ended, where we can know. */
  readonly ending: Promise<Ending> | undefined
}

/** A process that somebody else has started, and ends. */
export function existingTarget(pid: number): Target {
  return { pid, description: `pid ${pid}`, ending: undefined }
}

/** Starts a command with our own standard streams. Rejects with a `Failure` when it cannot be started. */
export async function startTarget(command: readonly string[]): Promise<Target> {
  const [program = '', ...words] = command
  const ticksBefore = waitedForTicks()
  const child = spawn(program, words, { stdio: 'inherit' })
  const ending = new Promise<Ending>(resolve => {
    child.once('exit', (code, signal) => {
      const byShell = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
      const cpuSeconds = (waitedForTicks() - ticksBefore) / 100
      resolve({ exitCode: byShell, signal: signal ?? undefined, cpuSeconds })
    })
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', error => reject(cannotStart(program, error)))
  })
  return { pid: child.pid as number, description: `${command.join(' ')} (pid ${child.pid})`, ending }
}

/** CPU time of all children that this process has waited for, in hundredths of a second. */
function waitedForTicks(): number {
  return readProcessStat(process.pid)?.childrenTicks ?? 0
}

function cannotStart(program: string, error: NodeJS.ErrnoException): Failure {
  const reasons: Record<string, string> = { ENOENT: 'no such program', EACCES: 'not executable' }
  const reason = reasons[error.code ?? ''] ?? error.message
  return new Failure(`cannot start '${program}': ${reason}`, exitCode.checkFailed, { cause: error })
}
