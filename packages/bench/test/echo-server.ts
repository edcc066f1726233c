import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

/** Runs `use` with a server in this process that handles each connection as told, and ends it whatever happens. */
export async function withEchoServer<Result>(
  handle: (socket: Socket) => void,
  use: (port: number) => Promise<Result>
): Promise<Result> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)))
    handle(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  try {
    return await use((server.address() as AddressInfo).port)
  } finally {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}

/** Writes back what comes. */
export function echo(socket: Socket): void {
  socket.pipe(socket)
}
