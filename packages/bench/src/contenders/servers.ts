import { compile, compilerArgs, findCompiler, findTool, packageFile } from '../toolbox.js'
import { mostConnections } from './capacity.js'
import type { Launch, ServerContender } from './contender.js'
import { ourTool } from './our-tool.js'

/** HAProxy sets memory aside for as many connections as it may have. */
const haproxyCapacity = 20_000

/** Echo servers, in the order in which they are started. */
export const servers: readonly ServerContender[] = [
  compiledFromC('c-epoll', 'C, epoll, read and write', 'epoll-echo'),
  sluice('epoll'),
  sluice('uring'),
  sluice('node'),
  compiledFromC('c-splice', 'C, epoll, splice', 'splice-echo'),
  compiledFromC('c-uring', 'C, io_uring', 'uring-echo', {
    libraries: ['-luring'],
    otherwise: 'liburing.h is missing or too old (Debian: apt install liburing-dev)',
  }),
  {
    role: 'server',
    name: 'go',
    title: 'Go, io.Copy',
    // io.Copy splices, through a pipe that a goroutine holds even while it waits.
    descriptorsPerConnection: 3,
    async prepare() {
      const compiler = await findTool(['go'], 'Debian: apt install golang')
      const args = (output: string) => ['build', '-o', output, 'echo.go']
      return onPort(await compile({ name: 'go-echo', compiler, args, folder: 'contenders/go' }))
    },
  },
  {
    role: 'server',
    name: 'rust',
    title: 'Rust, std threads',
    async prepare() {
      const compiler = await findTool(['rustc'], 'Debian: apt install rustc')
      const args = (output: string) => ['-O', '--edition', '2021', '-o', output, 'echo.rs']
      return onPort(await compile({ name: 'rust-echo', compiler, args, folder: 'contenders/rust' }))
    },
  },
  {
    role: 'server',
    name: 'bun',
    title: 'Bun, Bun.listen',
    prepare: async () =>
      onPort(await findTool(['bun'], 'npm install --global bun'), packageFile('contenders/javascript/bun-echo.js')),
  },
  {
    role: 'server',
    name: 'node-net',
    title: 'Node, net, pipe',
    prepare: async () => onPort(process.execPath, packageFile('contenders/javascript/node-echo.js')),
  },
  {
    role: 'server',
    name: 'socat',
    title: 'socat, PIPE',
    connectionLimit: { most: 1_000, why: 'it forks a process for each connection' },
    async prepare() {
      const program = await findTool(['socat'], 'Debian: apt install socat')
      // With a larger buffer socat can block for ever in writing to its own pipe.
      const options = ['-b', '4096']
      const listen = (port: number) => `TCP-LISTEN:${port},bind=127.0.0.1,reuseaddr,fork,nodelay,backlog=4096`
      return port => [{ program, args: [...options, listen(port), 'PIPE'], listensOn: port }]
    },
  },
  {
    role: 'server',
    name: 'haproxy',
    title: 'HAProxy, TCP, before c-epoll',
    descriptorsPerConnection: 2,
    async prepare() {
      const program = await findTool(['haproxy'], 'Debian: apt install haproxy')
      const behind = await compileC('epoll-echo')
      const args = ['-db', '-f', packageFile('contenders/haproxy/tcp.cfg')]
      return (port, backend) => {
        const capacity = `${Math.min(mostConnections(2), haproxyCapacity)}`
        const environment = { PORT: `${port}`, BACKEND: `${backend}`, CAPACITY: capacity }
        return [
          { program: behind, args: [`${backend}`], listensOn: backend },
          { program, args, environment, listensOn: port },
        ]
      }
    },
  },
]

/** A program that takes its port as its last argument. */
function onPort(program: string, ...args: string[]): Launch {
  return port => [{ program, args: [...args, `${port}`], listensOn: port }]
}

function compiledFromC(
  name: string,
  title: string,
  source: string,
  settings: { libraries?: readonly string[]; otherwise?: string } = {}
): ServerContender {
  return { role: 'server', name, title, prepare: async () => onPort(await compileC(source, settings)) }
}

async function compileC(
  source: string,
  { libraries = [], otherwise }: { libraries?: readonly string[]; otherwise?: string } = {}
): Promise<string> {
  const args = compilerArgs([`${source}.c`], libraries)
  return compile({
    ...{ name: source, compiler: await findCompiler(), args, folder: 'contenders/c' },
    ...(otherwise === undefined ? {} : { otherwise }),
  })
}

/** Our own server, started as anybody would start it. */
function sluice(engine: string): ServerContender {
  const args = (port: number) => ['--ports', `${port}`, '--engine', engine, '--log-level', 'warn']
  return {
    role: 'server',
    name: `sluice-${engine}`,
    title: `Sluice, engine ${engine}`,
    ours: true,
    prepare: async () => port => [{ ...ourTool('server', args(port)), listensOn: port }],
  }
}
