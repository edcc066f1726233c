import { plural } from '../format.js'
import { blameFailures } from '../load-blame.js'
import type { StageTest, TestContext } from '../stage-test.js'

/** What every client says while all of them are there, in bytes. */
const greeting = 100

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
    const { clients, strings, longest } = scale.multiple
    let [verified, elapsed, slowest] = [0, 0, 0]
    for (const port of target.ports) {
      slowest = Math.max(slowest, await allAtOnce(context, port))
      context.happened(`${plural(clients, 'client')} sent random strings to port ${port}`)
      const load = await context.load([port], {
        workload: 'strings',
        clients,
        messages: strings,
        size: { minimum: 1, maximum: longest },
      })
      const report = await load.report
      blameFailures(report)
      verified += report.verified
      elapsed += report.elapsed
      slowest = Math.max(slowest, report.messages?.longestEcho ?? 0)
      context.log(
        `port ${port}: ${plural(report.messages?.echoed ?? 0, 'string')} of ${plural(clients, 'client')} came back`
      )
    }
    context.measure({
      clients,
      verifiedBytes: verified,
      rateBytesPerSecond: verified / (elapsed / 1000),
      slowestEchoMilliseconds: slowest,
    })
  },
}

/**
 * All clients are connected before the first one speaks, and nobody leaves before everybody has been answered: a
 * program that serves one after another cannot pass by being quick. Returns the milliseconds of the slowest answer.
 */
async function allAtOnce(context: TestContext, port: number): Promise<number> {
  const count = context.scale.multiple.clients
  context.happened(`${plural(count, 'client')} connected to port ${port}`)
  const clients = await Promise.all(
    Array.from({ length: count }, (_, index) => context.connect(port, `client ${index + 1}`))
  )
  const answers = await Promise.all(clients.map(client => client.exchange(greeting)))
  for (const client of clients) client.check()
  await Promise.all(clients.map(client => client.finish(listenForMore)))
  return Math.max(...answers)
}
