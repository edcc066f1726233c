import { parentPort } from 'node:worker_threads'
import { failureLine } from './report.js'
import type { Watch } from './watchdog.js'

let timer: NodeJS.Timeout | undefined

parentPort?.on('message', ({ name, limit }: Watch) => {
  clearTimeout(timer)
  timer = setTimeout(() => {
    failureLine(`killed the process: the main thread was blocked for ${limit} ms in ${name}`)
    // Nothing gentler reaches a blocked main thread, and a blocked process must not look like a passed one.
    process.kill(process.pid, 'SIGKILL')
  }, limit)
})
