import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'

/** Whoever loses the process that started it ends by itself. */
const spin = 'const parent = process.ppid; while (process.ppid === parent);'

/** Keeps every core busy until the function that is returned is called. */
export function keepCoresBusy(): () => void {
  const children = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', spin], { stdio: 'ignore' })
  )
  return () => {
    for (const child of children) child.kill('SIGKILL')
  }
}
