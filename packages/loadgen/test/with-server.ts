import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { chooseEngine, type EngineName } from 'reactor'
import type { Fault } from './fixtures/echo-server.js'

/** An echo server in a process of its own. */
export interface EchoServer {
  readonly port: number
  readonly process: ChildProcess
  /** What each connection saw first of its end, `FIN` or the symbol of an error, as soon as `count` have ended. */
  endings(count: number): Promise<string[]>
}

/** Runs `use` with an echo server that has the given fault, and ends the server whatever happens. */
export async function withServer<Result>(
  fault: Fault,
  use: (server: EchoServer) => Promise<Result>,
  host = '127.0.0.1'
): Promise<Result> {
  const child = fork(new URL('./fixtures/echo-server.js', import.meta.url), [JSON.stringify(fault), host])
  try {
    const [port] = await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(([code]) => {
        throw new Error(`the echo server ended with ${code} before it listened`)
      }),
    ])
    const endings = async (count: number): Promise<string[]> => {
      child.send('endings')
      const [seen] = (await once(child, 'message')) as [string[]]
      return seen.length >= count ? seen : endings(count)
    }
    return await use({ port: port as number, process: child, endings })
  } finally {
    child.kill('SIGKILL')
  }
}

/** A target on loopback. */
export function local(port: number): { host: string; port: number } {
  return { host: '127.0.0.1', port }
}

/** The engines that every workload is tested on. */
export const engines = ['epoll', 'node'] as const

/** The same, and `uring` where it is allowed. */
export const allEngines: readonly EngineName[] =
  (await chooseEngine('uring')).engine === 'uring' ? ['uring', ...engines] : engines
