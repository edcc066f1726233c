import { echoStream } from '../echo-protocol.js'
import { blameFailures } from '../load-blame.js'
import { type MemoryPoint, stalledAllowance } from '../rules/memory-rule.js'
import type { TestContext } from '../stage-test.js'
import { Blame } from '../verdict.js'
import { mebibytes, sampleDuring, sampleMemory } from './memory-sampling.js'

/** The load tells of its connections one by one as long as there are no more. */
const mostPorts = 16

/** Offers bytes on every port without reading any, until the program no longer takes them, and a while longer. */
export async function judgeStall(context: TestContext): Promise<void> {
  const { size, held } = context.scale.memory
  const ports = context.target.ports.slice(0, mostPorts)
  const base = await sampleMemory(context)
  const run = await context.load(ports, {
    ...echoStream,
    size: size * ports.length,
    connections: ports.length,
    noRead: true,
    hold: true,
  })
  context.happened('clients that do not read began to stream')
  let [taken, highest, stopping] = [0, base, false]
  const points: MemoryPoint[] = []
  await sampleDuring(context, run, (memory, { sent, connections, each = [] }) => {
    taken = sent
    highest = Math.max(highest, memory)
    points.push({ moved: taken, memory })
    if (memory - base > stalledAllowance) {
      const grown = `memory grew by ${mebibytes(memory - base)} while clients that do not read sent ${mebibytes(taken)}`
      throw new Blame('limit', `${grown}, and nothing held them up`, { points })
    }
    const connected = connections.established + connections.failed >= ports.length
    const heldUp = connected && each.every(client => client.sinceProgress >= held || client.sent >= size)
    // Not by RST: who cannot stand that is blamed for it in the test that is about it.
    if (heldUp && !stopping) void run.stop({ drain: true })
    stopping ||= heldUp
    return `${mebibytes(taken)} taken from clients that do not read, memory ${mebibytes(memory)}`
  })
  context.measure(
    {
      takenWithoutReadingBytes: taken,
      growthForStalledBytes: highest - base,
    },
    { growthForStalledBytes: stalledAllowance }
  )
  context.addEvidence({ stall: { base, taken, points } })
  blameFailures(await run.report, () => 'a client that does not read')
}
