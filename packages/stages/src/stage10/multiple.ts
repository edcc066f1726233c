import { connectCrowd } from '../crowd.js'
import type { EchoClient } from '../echo-client.js'
import { plural } from '../format.js'
import type { StageTest, TestContext } from '../stage-test.js'
import { Blame } from '../verdict.js'

/** How long the program may take to say something that nobody asked for, in milliseconds. */
const listenForMore = 300

export const multiple: StageTest = {
  id: 'multiple',
  title: 'Many clients at once on one port',
  asks: {
    input: 'Connect multiple clients to server and sent string simultaneously',
    expected: 'Each client receives copy of the string it sent',
  },
  usualCauses: {
    bytes: 'a buffer or a variable that several clients share',
    stall: 'a client that is served to its end before the next one, or a fixed number of threads, slots or descriptors',
    connection: 'a fixed number of clients (FD_SETSIZE, an array), or a backlog that is too short',
  },

  async run(context) {
    const { target, scale } = context
    const { clients: count, strings } = scale.multiple
    let [moved, elapsed, slowest] = [0, 0, 0]
    for (const port of target.ports) {
      context.happened(`${plural(count, 'client')} began to connect to port ${port}`)
      const clients = await connectCrowd(context, port, count)
      const startedAt = performance.now()
      // Nobody leaves before everybody has been answered: serving one after another is not enough, however quick.
      const talks = clients.map((client, index) => talk(context, client, index))
      const results = await Promise.all(talks).catch(error => {
        throw nameSource(error, clients)
      })
      elapsed += performance.now() - startedAt
      moved += clients.reduce((sum, { verified }) => sum + verified, 0)
      slowest = Math.max(slowest, ...results)
      for (const client of clients) client.check()
      await Promise.all(clients.map(client => client.finish(listenForMore)))
      context.log(`port ${port}: ${plural(count * strings, 'string')} of ${plural(count, 'client')} came back`)
    }
    context.measure({
      clients: count,
      verifiedBytes: moved,
      rateBytesPerSecond: moved / (elapsed / 1000),
      slowestEchoMilliseconds: slowest,
    })
  },
}

/** Sends random strings one after another. Returns the milliseconds of the slowest. */
async function talk(context: TestContext, client: EchoClient, index: number): Promise<number> {
  const { strings, longest } = context.scale.multiple
  let slowest = 0
  for (let sent = 0; sent < strings; sent++) {
    const length = 1 + Math.floor(context.random(`${client.port} ${index} ${sent}`) * longest)
    slowest = Math.max(slowest, await client.exchange(length))
  }
  return slowest
}

/** Adds to a Blame for wrong bytes which other client they come from, where that can be seen. */
function nameSource(error: unknown, clients: readonly EchoClient[]): unknown {
  if (!(error instanceof Blame) || error.kind !== 'bytes') return error
  const victim = clients.find(client => client.unexpected !== undefined)
  const source = clients.find(client => client !== victim && victim?.unexpected && client.hasSent(victim.unexpected))
  return source ? new Blame(error.kind, `${error.message}; these are bytes of ${source.name}`, error.evidence) : error
}
