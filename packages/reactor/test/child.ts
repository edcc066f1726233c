import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const fixtures = new URL('./fixtures/', import.meta.url)

/** A fixture in a process of its own. */
export interface Child {
  readonly pid: number
  /** What it has written so far. */
  readonly lines: readonly string[]
  readonly running: boolean
  /** Null while it runs, and when a signal has ended it. */
  readonly exitCode: number | null
  /** Resolves with a line that begins so, at once when there is one. Rejects when the process ends without it. */
  line(beginning: string): Promise<string>
}

export interface ChildOptions {
  /** How many descriptors it may open (`ulimit -n`). */
  readonly descriptors?: number
  /** A descriptor of this process that it gets as its descriptor 3. */
  readonly inherited?: number
}

/** Runs `use` beside a fixture in a process of its own, which is killed afterwards if it has not ended. */
export async function withChild<T>(
  fixture: string,
  args: readonly string[],
  use: (child: Child) => Promise<T>,
  { descriptors, inherited }: ChildOptions = {}
): Promise<T> {
  const command = [process.execPath, fileURLToPath(new URL(`${fixture}.js`, fixtures)), ...args]
  const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors}; `
  const child = spawn('sh', ['-c', `${limit}exec "$@"`, 'sh', ...command], {
    stdio: ['ignore', 'pipe', 'inherit', inherited ?? 'ignore'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  try {
    return await use(watch(child))
  } finally {
    kill()
    process.off('exit', kill)
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
}

function watch(child: ChildProcess): Child {
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', line => lines.push(line))
  const closed = once(reader, 'close')
  return {
    pid: child.pid as number,
    lines,
    get running() {
      return child.exitCode === null && child.signalCode === null
    },
    get exitCode() {
      return child.exitCode
    },
    line: async beginning => {
      for (;;) {
        const found = lines.find(line => line.startsWith(beginning))
        if (found !== undefined) return found
        const more = await Promise.race([once(reader, 'line').then(() => true), closed.then(() => false)])
        if (!more) throw new Error(`ended without '${beginning}'`)
      }
    },
  }
}

/** Milliseconds of CPU that a process has used, all its threads together, in steps of 10 (proc(5), utime and stime). */
export function cpuTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}
