// Echo with Bun.listen: what the socket refuses is kept, and nothing more is read until it has gone.
/* global Bun */
Bun.listen({
  hostname: '127.0.0.1',
  port: Number(process.argv[2]),
  allowHalfOpen: true,
  socket: {
    open(socket) {
      socket.data = { kept: undefined, ended: false }
      socket.setNoDelay(true)
    },
    data(socket, bytes) {
      const { data } = socket
      // Bytes may still come after pause(): they join what is kept.
      if (data.kept !== undefined) {
        data.kept = Buffer.concat([data.kept, bytes])
        return
      }
      const written = socket.write(bytes)
      if (written === bytes.length) return
      data.kept = Buffer.from(bytes.subarray(Math.max(0, written)))
      socket.pause()
    },
    drain(socket) {
      const { data } = socket
      if (data.kept === undefined) return
      const written = socket.write(data.kept)
      if (written < data.kept.length) {
        data.kept = data.kept.subarray(Math.max(0, written))
        return
      }
      data.kept = undefined
      if (data.ended) socket.end()
      else socket.resume()
    },
    end(socket) {
      if (socket.data.kept === undefined) socket.end()
      else socket.data.ended = true
    },
    error() {},
  },
})
