import type { EchoClient } from '../echo-client.js'
import { count, plural, seconds } from '../format.js'
import { stallPatience } from '../patience.js'
import type { BusyClients, StalledClients } from '../protocol.js'
import type { StageTest, TestContext } from '../stage-test.js'

/** What a client sends and wants back while another one does not read, in bytes. */
const probeSize = 16 * 1024

/** How long a probe's client waits for the program to close after it, in milliseconds. */
const closeTime = 100

/** How often progress is told, in milliseconds. */
const tellEvery = 5_000

/** What the stalled clients on the other ports stream: more than the kernel's buffers and a pipe hold, in bytes. */
const furtherSize = 64 * 1024 * 1024

interface Probes {
  made: number
  /** Milliseconds from the attempt to connect until the last byte was back. */
  slowest: number
}

export const nonblocking: StageTest = {
  id: 'nonblocking',
  title: 'Other clients are served while one does not read',
  asks: {
    input:
      'a client is connected to the server and sends a large file, but does not receive any data from the server. ' +
      'After 30 seconds, a second client is connected to the server, and verifies if the server responds',
    expected: 'the second connection is able to send and receive data from the server',
  },
  usualCauses: {
    stall:
      'a send that blocks (or is tried again and again) while one client does not read, so that nobody else is served: ' +
      'sockets have to be non-blocking, and what send refuses has to wait for EPOLLOUT',
    bytes: 'what a short write did not take was dropped, or sent later in the wrong order',
    connection: 'EAGAIN or a short write taken for an error',
  },

  async run(context) {
    const { target, scale, protocol } = context
    const { size, firstProbe, probeEvery, until } = scale.nonblocking
    const [firstPort = 0, ...otherPorts] = target.ports
    const older = await connectOlder(context)
    const silent = await context.connect(firstPort, 'the client that says nothing')

    const startedAt = performance.now()
    const elapsed = () => performance.now() - startedAt
    const first = await protocol.stall(context, [firstPort], size)
    context.happened('a client that does not read began to stream')
    await context.pause(firstProbe)

    const probes: Probes = { made: 0, slowest: 0 }
    let further: StalledClients | undefined
    for (let told = 0; elapsed() < until; ) {
      await probeAll(context, older, probes)
      // In the second half, somebody does not read on each of the other ports either.
      if (!further && elapsed() > until / 2 && otherPorts.length > 0) {
        further = await protocol.stall(context, otherPorts, furtherSize * otherPorts.length)
      }
      if (elapsed() - told >= tellEvery) {
        told = elapsed()
        context.log(await describe(first, probes, told))
      }
      await context.pause(Math.max(0, Math.min(probeEvery, until - elapsed())))
    }
    await probeAll(context, older, probes)
    const sent = await first.sent()
    context.measure(
      { probes: probes.made, slowestProbeMilliseconds: probes.slowest, takenWithoutReadingBytes: sent },
      { slowestProbeMilliseconds: stallPatience }
    )
    context.happened('the client that had not read began to read')
    await readEverything(context, first, 'the client that did not read')
    if (further) await readEverything(context, further, 'another client that did not read')
    await probeBesideTalker(context, older)
    // It got nothing either. Who closes a connection because nobody speaks is within his rights.
    await silent.finish(closeTime)
  },
}

/** Clients that were there before: they go on while the others come. At first they say nothing, which stops nobody. */
async function connectOlder(context: TestContext): Promise<EchoClient[]> {
  const { ports } = context.target
  const older = await Promise.all(ports.map(port => context.connect(port, 'an older client')))
  context.happened('clients connected that said nothing')
  for (const port of ports) {
    const client = await context.connect(port, 'a client beside one that says nothing')
    await client.exchange(probeSize)
    await client.finish(closeTime)
  }
  for (const client of older) await client.exchange(probeSize)
  return older
}

/** Who always has something to say, and reads the answers, must not keep the others waiting either. */
async function probeBesideTalker(context: TestContext, older: readonly EchoClient[]): Promise<void> {
  const talker = await context.protocol.talk(context, context.target.ports[0] ?? 0)
  context.happened('a client began to talk without pause')
  await context.pause(context.scale.nonblocking.talking)
  const probes: Probes = { made: 0, slowest: 0 }
  await probeAll(context, older, probes)
  context.measure(
    { slowestProbeBesideTalkerMilliseconds: probes.slowest },
    { slowestProbeBesideTalkerMilliseconds: stallPatience }
  )
  await readEverything(context, talker, 'the client that talked without pause')
}

/** Serves itself on each port in turn, as a client that has just come and as one that was there before. */
async function probeAll(context: TestContext, older: readonly EchoClient[], probes: Probes): Promise<void> {
  for (const [index, port] of context.target.ports.entries()) {
    const startedAt = performance.now()
    const client = await context.connect(port, 'a client beside one that does not read')
    await client.exchange(probeSize)
    probes.slowest = Math.max(probes.slowest, performance.now() - startedAt)
    await client.finish(closeTime)
    probes.slowest = Math.max(probes.slowest, (await older[index]?.exchange(probeSize)) ?? 0)
    probes.made += 2
  }
}

async function describe(stalled: StalledClients, probes: Probes, elapsed: number): Promise<string> {
  const sent = await stalled.sent()
  const mebibytes = count(sent / 1024 / 1024)
  return (
    `${seconds(elapsed)}: ${mebibytes} MiB sent by a client that reads nothing; ` +
    `${plural(probes.made, 'probe')}, the slowest ${count(probes.slowest)} ms`
  )
}

async function readEverything(context: TestContext, clients: BusyClients, name: string): Promise<void> {
  context.addEvidence({ [name]: await clients.read(name) })
}
