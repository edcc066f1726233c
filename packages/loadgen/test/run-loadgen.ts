import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** The command line, compiled. */
export const cli = fileURLToPath(new URL('../src/cli.js', import.meta.url))

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs loadgen to its end; `meanwhile` is called so many milliseconds after it first said something on stderr. */
export async function loadgen(
  words: readonly string[],
  meanwhile?: (child: ChildProcess) => void,
  milliseconds = 700
): Promise<Outcome> {
  const { FORCE_COLOR, ...env } = process.env
  const child = spawn(process.execPath, [cli, ...words], { stdio: ['ignore', 'pipe', 'pipe'], env })
  try {
    const [stdout, stderr] = [text(child.stdout), text(child.stderr)]
    const ended = once(child, 'close')
    if (meanwhile !== undefined) child.stderr.once('data', () => setTimeout(() => meanwhile(child), milliseconds))
    const [code] = await ended
    return { code, stdout: await stdout, stderr: await stderr }
  } finally {
    child.kill('SIGKILL')
  }
}
