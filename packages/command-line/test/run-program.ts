import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('./fixtures/program.fixture.js', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the fixture program; `hangUp` closes its stdout after the first bytes. Ends it when it hangs. */
export async function runProgram(words: readonly string[], hangUp = false): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', chunk => {
    output.stdout += chunk
    if (hangUp) child.stdout.destroy()
  })
  child.stderr.on('data', chunk => {
    output.stderr += chunk
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  try {
    const code = await new Promise<number | null>(resolve => child.once('close', resolve))
    return { code, ...output }
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}
