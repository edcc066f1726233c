import type { EchoClient } from '../echo-client.js'
import { seconds } from '../format.js'
import { Patience } from '../patience.js'
import { describeQueues } from '../program/socket-queues.js'
import type { StalledClients } from '../protocol.js'
import { type CpuSpan, cpuLimit, doubtfulMean, judgeCpu, readyLimit, spinLimit, spinSpan } from '../rules/cpu-rule.js'
import { SpareTime } from '../spare-time.js'
import type { StageTest, TestContext } from '../stage-test.js'
import { Blame, Doubt } from '../verdict.js'

/** What is said to the program before and after it was idle, in bytes. */
const greeting = 64

/**
 * How long a program may go on working after it started to listen and clients came and went, in milliseconds: some
 * runtimes compile and collect for a while. A program that never comes to rest is judged all the same.
 */
const settlingTime = 5_000

/** How long the program must have been at rest to count as settled, in milliseconds. */
const settleStep = 500

/** How long a client that leaves waits for the program to close after it, in milliseconds. */
const closeTime = 500

/** What each client that does not read offers, in bytes: more than all buffers hold, little for who takes it all. */
const stalledSize = 64 * 1024 * 1024

/** When nothing moved for so long (milliseconds), the buffers are full; how often to look, and for how long. */
const fillingTime = 500
const lookEvery = 50
const longestFilling = 10_000

/** How often a program is looked at that gets little CPU time and may want more. */
const looks = 3

/** How often progress is told, in milliseconds. */
const tellEvery = 5_000

export const cpu: StageTest = {
  id: 'cpu',
  title: 'CPU with one idle client',
  asks: {
    input: 'Creates an idle client connection and tracks CPU usage over the course of 20 seconds',
    expected: 'CPU usage should be less than 10%',
  },
  usualCauses: {
    limit:
      'a loop that polls (a timeout of 0 in epoll_wait or select, a retry after EAGAIN), or a descriptor that is ' +
      'always ready and never dealt with: one that the peer has closed, or EPOLLOUT with nothing to write',
  },

  async run(context) {
    const { ports } = context.target
    // What many programs spin on are clients that have left.
    for (const port of ports) await greet(await context.connect(port, 'a client that leaves'), true)
    const idle = await context.connect(ports[0] ?? 0, 'the idle client')
    await greet(idle)
    context.happened('an idle client connected')
    await judgeIdle(context, idle)
    // How clients fare that leave rudely, or do not read, is another test's matter.
    context.judgeOnlyLimits()
    await judgeAfterRudeClients(context)
    await judgeStalled(context)
  },
}

/** Says something and takes the answer. Whether it is right, and comes at all, is the matter of other tests. */
async function greet(client: EchoClient, leave = false): Promise<void> {
  try {
    await client.exchange(greeting)
    if (leave) await client.finish(closeTime)
  } catch (error) {
    if (!(error instanceof Blame) || error.kind === 'connection') throw error
    if (leave) client.leave()
  }
}

async function settle(context: TestContext): Promise<void> {
  const deadline = performance.now() + settlingTime
  do {
    const start = await context.resources.mark()
    await context.pause(settleStep)
    // Little CPU time alone is not rest: a busy machine gives no more to who wants it.
    const { mean, ready } = judgeCpu(await context.resources.spansSince(start))
    if (mean < cpuLimit && ready < spinLimit) return
  } while (performance.now() < deadline)
}

/** The seed's test. What a machine without time to spare makes look like little is looked at again. */
async function judgeIdle(context: TestContext, idle: EchoClient): Promise<void> {
  await settle(context)
  for (let look = 1; ; look++) {
    const spareTime = new SpareTime()
    const mean = await watchIdle(context, idle)
    if (mean < doubtfulMean || !spareTime.wasShort) return
    const used = `used ${mean.toFixed(1)} % of one core`
    if (look === looks) {
      throw new Doubt(`this machine is too busy to tell: the program ${used}, which may be all that it could get`)
    }
    context.log(`${used} on a busy machine: once more`)
  }
}

/** Watches the program beside an idle client. Returns the percentage of one core that it used, if that is allowed. */
async function watchIdle(context: TestContext, idle: EchoClient): Promise<number> {
  const { window } = context.scale.cpu
  const start = await context.resources.mark()
  for (let waited = 0; waited < window; waited += tellEvery) {
    await context.pause(Math.min(tellEvery, window - waited))
    const { mean } = judgeCpu(await context.resources.spansSince(start))
    context.log(
      `${seconds(Math.min(window, waited + tellEvery))} of ${seconds(window)}: ${mean.toFixed(1)} % of one core`
    )
    if (idle.hasEnded) idle.check()
  }
  const spans = await context.resources.spansSince(start)
  const { mean, worst, worstAt, broken } = judgeCpu(spans)
  context.measure({ cpuPercent: mean, worstCpuPercent: worst }, { cpuPercent: cpuLimit, worstCpuPercent: spinLimit })
  if (!broken) return mean
  const when = mean < cpuLimit ? `, ${seconds(worstAt)} after an idle client connected` : ' with one idle client'
  return blame(context, spans, start, when)
}

/** A client that does not read leaves nothing to do either, although its connection is full of bytes. */
async function judgeStalled(context: TestContext): Promise<void> {
  const { target, protocol } = context
  const stalled = await protocol.stall(context, target.ports, stalledSize * target.ports.length)
  context.happened('clients that do not read began to stream')
  if (await isHeldUp(context, stalled)) await watchStalled(context, stalled)
}

async function watchStalled(context: TestContext, stalled: StalledClients): Promise<void> {
  const before = await describeTraffic(context, stalled)
  const start = await context.resources.mark()
  await context.pause(context.scale.cpu.stalled)
  const spans = await context.resources.spansSince(start)
  const { worst, spins } = judgeCpu(spans)
  context.measure({ stalledCpuPercent: worst }, { stalledCpuPercent: spinLimit })
  const isAtWork = (await describeTraffic(context, stalled)) !== before
  if (spins && !isAtWork) blame(context, spans, start, ' while clients did not read')
}

/**
 * True as soon as nothing moves any more between clients that do not read and the program, although they have more to
 * send; false when that is not soon, or when it has taken all: who is still at work may use the CPU.
 */
async function isHeldUp(context: TestContext, stalled: StalledClients): Promise<boolean> {
  const patience = new Patience(fillingTime)
  const deadline = performance.now() + longestFilling
  for (let last = ''; !patience.isExhausted(); ) {
    const traffic = await describeTraffic(context, stalled)
    if (traffic !== last) patience.renew()
    if (performance.now() > deadline) return false
    last = traffic
    await context.pause(lookEvery)
  }
  return await stalled.haveMore()
}

/** The bytes sent and what waits in the sockets: it changes as long as anything moves. */
async function describeTraffic({ target }: TestContext, stalled: StalledClients): Promise<string> {
  return `${await stalled.sent()}\n${describeQueues(target.ports)}`
}

/** A connection that has been reset, or ended in the middle, is what many programs never look at again, or for ever. */
async function judgeAfterRudeClients(context: TestContext): Promise<void> {
  const { protocol, target } = context
  const { ports } = target
  for (const how of ['rst', 'fin'] as const) {
    await protocol.vanish(context, ports, how, ports.length, () => 'a client that vanishes')
  }
  await settle(context)
  const start = await context.resources.mark()
  await context.pause(context.scale.cpu.afterRude)
  const spans = await context.resources.spansSince(start)
  const { mean, spins, broken } = judgeCpu(spans)
  // The mean of a short time says little: a heap that is collected once in it is no fault.
  const isShort = context.scale.cpu.afterRude < spinSpan
  const limit = isShort ? spinLimit : cpuLimit
  context.measure({ afterRudeCpuPercent: mean }, { afterRudeCpuPercent: limit })
  if (isShort ? spins : broken) blame(context, spans, start, ' after clients had vanished')
}

function blame(context: TestContext, spans: readonly CpuSpan[], start: number, when: string): never {
  const { mean, worst, ready } = judgeCpu(spans)
  const elapsed = (spans.at(-1)?.to ?? 0) - (spans[0]?.from ?? 0)
  const [used, time] = mean >= cpuLimit ? [mean, elapsed] : [worst, Math.min(spinSpan, elapsed)]
  const starved = used < spinLimit && ready >= readyLimit
  const wanted = starved ? ', all that it could get on this busy machine' : ''
  throw new Blame(
    'limit',
    `used ${used.toFixed(1)} % of one core for ${seconds(time)}${when}${wanted}${context.resources.describeBusiest(start)}`,
    { ready, starved, spans: spans.map(({ from, to, cpu }) => ({ from, to, cpu })) }
  )
}
