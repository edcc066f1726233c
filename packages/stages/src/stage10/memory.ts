import { seconds } from '../format.js'
import { judgeLevels } from '../rules/memory-rule.js'
import type { StageTest } from '../stage-test.js'
import { Blame } from '../verdict.js'
import { judgeChurn } from './memory-churn.js'
import { mebibytes, sampleMemory } from './memory-sampling.js'
import { judgeStall } from './memory-stall.js'
import { judgeStream } from './memory-stream.js'

export const memory: StageTest = {
  id: 'memory',
  title: 'Memory while 4 GiB pass, while a client does not read, and while clients come and go',
  asks: {
    input: 'Transfers a 4gb file over the network and tracks memory usage over time',
    expected: 'Memory usage should be less than 10%',
  },
  usualCauses: {
    limit:
      'reading goes on while what was read cannot be written: a buffer needs a bound, and its source must not be ' +
      'read while it is full; or something is kept of everything that passes (a log, a list of clients or messages)',
    stall: 'a buffer that was full once and from which the source is never read again',
    bytes: 'a buffer that was full and whose rest was dropped or overwritten',
  },

  async run(context) {
    const { size, sizeOfOthers } = context.scale.memory
    const [first = 0, ...others] = context.target.ports
    await sampleMemory(context)
    const startedAt = performance.now()
    await judgeStall(context)
    const levels = [await sampleMemory(context)]
    const stream = () => judgeStream(context, [first], size)
    const floor = await stream()
    levels.push(await sampleMemory(context))
    if (others.length > 0) await judgeStream(context, others, sizeOfOthers)
    levels.push(await sampleMemory(context), ...(await judgeChurn(context, floor, stream)))

    const { growth, broken } = judgeLevels(levels, context.resources)
    if (!broken) return
    const time = seconds(performance.now() - startedAt)
    throw new Blame('limit', `memory grew by ${mebibytes(growth)} in ${time}, whatever the clients did`, { levels })
  },
}
