import type { EchoClient } from './echo-client.js'
import type { TestContext } from './stage-test.js'

/**
 * Clients that connect at the same moment. A backlog of this length is no fault of a program, and when one overflows the
 * kernel makes a client wait for seconds (tcp_abort_on_overflow, tcp(7)).
 */
const atOnce = 4

/**
 * Connects clients to a port, a few at a time, each answered before the next ones come; in the end all of them are
 * connected at once. Throws as `EchoClient` does.
 */
export async function connectCrowd(context: TestContext, port: number, count: number): Promise<EchoClient[]> {
  const clients: EchoClient[] = []
  while (clients.length < count) {
    const group = Array.from({ length: Math.min(atOnce, count - clients.length) }, async (_, index) => {
      const client = await context.connect(port, `client ${clients.length + index + 1}`)
      await client.exchange(1)
      return client
    })
    clients.push(...(await Promise.all(group)))
  }
  return clients
}
