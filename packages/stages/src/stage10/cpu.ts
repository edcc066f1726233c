import { seconds } from '../format.js'
import { blameFailures } from '../load-blame.js'
import { cpuLimit, judgeCpu, spinLimit, spinSpan } from '../rules/cpu-rule.js'
import type { StageTest, TestContext } from '../stage-test.js'
import { Blame } from '../verdict.js'

/** What is said to the program before and after it was idle, in bytes. */
const greeting = 64

/**
 * How long a program may go on working after it started to listen and clients came and went, in milliseconds: some
 * runtimes compile and collect for a while. A program that never comes to rest is judged all the same.
 */
const settlingTime = 5_000

/** How long a client that leaves waits for the program to close after it, in milliseconds. */
const closeTime = 500

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
    const { target, scale } = context
    await comeAndGo(context)
    const idle = await context.connect(target.ports[0] ?? 0, 'the idle client')
    await idle.exchange(greeting)
    context.happened('an idle client connected')
    await settle(context)

    const { window } = scale.cpu
    const start = await context.resources.mark()
    for (let waited = 0; waited < window; waited += tellEvery) {
      await context.pause(Math.min(tellEvery, window - waited))
      const { mean } = judgeCpu(context.resources.spansSince(start))
      context.log(
        `${seconds(Math.min(window, waited + tellEvery))} of ${seconds(window)}: ${mean.toFixed(1)} % of one core`
      )
      idle.check()
    }
    await context.resources.sampleNow()
    judge(context, start)
    await idle.exchange(greeting)
    await idle.finish(0)
  },
}

/** Clients that have left are what many programs spin on: they come and go, properly and by RST, before the window. */
async function comeAndGo(context: TestContext): Promise<void> {
  const { ports } = context.target
  await Promise.all(
    ports.map(async port => {
      const client = await context.connect(port, 'a client that leaves')
      await client.exchange(greeting)
      await client.finish(closeTime)
    })
  )
  for (const how of ['rst', 'fin'] as const) {
    const rude = await context.load(ports, { workload: 'vanish', how, clients: ports.length })
    blameFailures(await rude.report, () => 'a client that vanishes')
  }
}

async function settle(context: TestContext): Promise<void> {
  const deadline = performance.now() + settlingTime
  do {
    const start = await context.resources.mark()
    await context.pause(1_000)
    if (judgeCpu(context.resources.spansSince(start)).mean < cpuLimit) return
  } while (performance.now() < deadline)
}

function judge(context: TestContext, start: number): void {
  const spans = context.resources.spansSince(start)
  const { mean, worst, worstAt, broken } = judgeCpu(spans)
  context.measure({ cpuPercent: mean, worstCpuPercent: worst }, { cpuPercent: cpuLimit, worstCpuPercent: spinLimit })
  if (!broken) return
  const span = seconds((spans.at(-1)?.to ?? 0) - (spans[0]?.from ?? 0))
  const who = context.resources.describeBusiest(start)
  throw new Blame(
    'limit',
    broken === 'mean'
      ? `used ${mean.toFixed(1)} % of one core for ${span} with one idle client${who}`
      : `used ${worst.toFixed(1)} % of one core for ${seconds(spinSpan)}, beginning ${seconds(worstAt)} after an idle client connected${who}`,
    { spans }
  )
}
