import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../client.js'
import { withServerProcess } from '../server-process.js'
import { inTemporaryFolder } from '../temporary-folder.js'
import { findTool } from './find-tool.js'

/** Something that speaks memcached's protocol, for as long as a body runs. */
export interface KvTarget {
  readonly name: string
  run(body: (port: number) => Promise<void>): Promise<void>
}

/** Our server under one of its models. */
function ours(model: string): KvTarget {
  const run = (body: (port: number) => Promise<void>) =>
    inTemporaryFolder(folder => {
      const args = ['--model', model, '--protocol', 'kv', '--store', join(folder, 'store')]
      return withServerProcess(args, ({ port }) => body(port))
    })
  return { name: `model ${model}`, run }
}

export const ourTargets: readonly KvTarget[] = ['epoll', 'prefork', 'threaded'].map(ours)

const memcached = findTool('memcached')

/** The original, where this machine has it. */
export const original: KvTarget | undefined =
  memcached === undefined ? undefined : { name: 'memcached', run: runOriginal }

async function runOriginal(body: (port: number) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async folder => {
    const portFile = join(folder, 'port')
    // Its own choice of port, which it writes down; and root has to name a user.
    const user = process.getuid?.() === 0 ? ['-u', 'root'] : []
    const child = spawn(memcached as string, ['-l', '127.0.0.1', '-p', '-1', '-U', '0', '-t', '1', ...user], {
      env: { ...process.env, MEMCACHED_PORT_FILENAME: portFile },
      stdio: 'ignore',
    })
    const ended = new Promise(resolve => child.once('close', resolve).once('error', resolve))
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    try {
      const text = await eventually(
        'memcached listens',
        () => readFile(portFile, 'utf8').catch(() => ''),
        found => /^TCP INET: \d+$/m.test(found)
      )
      await body(Number(/^TCP INET: (\d+)$/m.exec(text)?.[1]))
    } finally {
      kill()
      process.off('exit', kill)
      await ended
    }
  })
}
