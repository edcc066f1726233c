// Echo with node:net: every socket is piped into itself.
import { createServer } from 'node:net'

createServer({ noDelay: true, allowHalfOpen: true }, socket => {
  // A client that resets its connection is no failure of the server.
  socket.on('error', () => {})
  socket.pipe(socket)
}).listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 })
