import type { EchoClient } from './echo-client.js'
import { plural, seconds } from './format.js'
import type { TestContext } from './stage-test.js'
import { Blame } from './verdict.js'

/**
 * Clients that connect at the same moment. A backlog of this length is no fault of a program, and when one overflows the
 * kernel makes a client wait for seconds (tcp_abort_on_overflow, tcp(7)).
 */
const atOnce = 4

/**
 * How long it may take until all of a crowd are served, in milliseconds. Each of them makes progress, yet a program that
 * lets in one client a second, say, is none for many.
 */
const crowdPatience = 60_000

/**
 * Connects clients to a port, a few at a time, each answered before the next ones come; in the end all of them are
 * connected at once. Throws as `EchoClient` does, and a Blame when that takes for ever.
 */
export async function connectCrowd(context: TestContext, port: number, count: number): Promise<EchoClient[]> {
  const clients: EchoClient[] = []
  const startedAt = performance.now()
  while (clients.length < count) {
    const group = Array.from({ length: Math.min(atOnce, count - clients.length) }, async (_, index) => {
      const client = await context.connect(port, `client ${clients.length + index + 1}`)
      await client.exchange(1)
      return client
    })
    clients.push(...(await Promise.all(group)))
    if (performance.now() - startedAt > crowdPatience && clients.length < count) {
      const served = `${clients.length} of ${plural(count, 'client')} that came at the same time were served`
      throw new Blame('stall', `port ${port}: only ${served} within ${seconds(crowdPatience)}`)
    }
  }
  return clients
}
