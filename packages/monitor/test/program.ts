import { type ChildProcess, spawn } from 'node:child_process'
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

/** Runs `body` beside a program, and ends the program in any case. */
export async function withProgram<Result>(
  words: readonly string[],
  body: (child: ChildProcess, ended: Promise<Ended>) => Promise<Result>
): Promise<Result> {
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', chunk => {
    output.stdout += chunk
  })
  child.stderr.on('data', chunk => {
    output.stderr += chunk
  })
  const ended = new Promise<Ended>(resolve => child.once('close', code => resolve({ code, ...output })))
  try {
    return await body(child, ended)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}
