import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findTool } from '../toolbox.js'
import type { StoreContender } from './contender.js'
import { ourTool } from './our-tool.js'

/** Key-value stores that speak memcached's text protocol, in the order in which they are started. */
export const stores: readonly StoreContender[] = [
  {
    role: 'store',
    name: 'memcached',
    title: 'memcached, one thread, in memory',
    async prepare() {
      const program = await findTool(['memcached'], 'Debian: apt install memcached')
      // It does not run as root without being told who to be instead.
      const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : []
      const args = ['-t', '1', '-U', '0', '-l', '127.0.0.1', ...user]
      return port => [{ program, args: [...args, '-p', `${port}`], listensOn: port }]
    },
  },
  {
    role: 'store',
    name: 'sluice-kv',
    title: 'Sluice, kv, engine epoll, on disk',
    ours: true,
    async prepare() {
      const folder = mkdtempSync(join(tmpdir(), 'bench-'))
      process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
      // A store of its own for each start, which nothing was put into.
      let starts = 0
      return port => {
        const store = ['--protocol', 'kv', '--store', join(folder, `store-${++starts}`)]
        const args = ['--ports', `${port}`, '--host', '127.0.0.1', '--engine', 'epoll', '--log-level', 'warn', ...store]
        return [{ ...ourTool('server', args), listensOn: port }]
      }
    },
  },
]
