import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The source of a fixture (it is plain JavaScript, and not compiled). */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../test/fixtures/${name}`, import.meta.url))
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `body` beside a program of Node, or another, and ends the program in any case. */
export async function withProgram<Result>(
  words: readonly string[],
  body: (child: ChildProcess, ended: Promise<Ended>) => Promise<Result>,
  program = process.execPath
): Promise<Result> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', chunk => {
    output.stdout += chunk
  })
  child.stderr.on('data', chunk => {
    output.stderr += chunk
  })
  const ended = new Promise<Ended>(resolve => child.once('close', code => resolve({ code, ...output })))
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  try {
    return await body(child, ended)
  } finally {
    kill()
    await ended
    process.off('exit', kill)
  }
}

/** True while a process runs; one that has ended and that nobody has waited for does not. */
export function runs(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))
  } catch {
    return false
  }
}
