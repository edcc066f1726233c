import { formatCount, formatSize } from 'command-line'
import { noiseSentence } from '../machine/noise.js'
import type { BenchReport } from '../report.js'
import { fewestRounds } from '../statistics.js'

/** What to know before reading any figure, a sentence or a fact for each line. */
export function headLines(report: BenchReport): string[] {
  const { environment, rounds, quick, interrupted, noise, started, loadThreads } = report
  const { kernel, cpu, cores, memory, node, compiler, commit, congestion } = environment
  return [
    `${started.slice(0, 16).replace('T', ' ')} UTC${commit === undefined ? '' : `, commit ${commit}`}`,
    `${kernel}; ${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}, ${formatSize(memory)}; TCP congestion control ${congestion}`,
    `Node ${node}; ${compiler}`,
    `${formatCount(rounds)} ${rounds === 1 ? 'round' : 'rounds'}, interleaved; load from ${loadThreads === 1 ? 'one thread' : `${loadThreads} threads`}`,
    noiseSentence(noise),
    ...(quick ? ['A quick run: short and small, for the inner loop. Do not quote it.'] : []),
    ...(interrupted ? ['Ended early: rounds are missing.'] : []),
  ]
}

/** How to read the tables. */
export const legend: readonly string[] = [
  'Figures are medians over the rounds; the spread is from the smallest to the largest.',
  'A ratio is the median of the ratios of each round, with its 95 % interval (sign test). It is shown only when the ' +
    `interval leaves out 1, or lies within 5 % of 1; that takes at least ${fewestRounds} rounds. Memory is compared ` +
    'by its difference in the same way.',
  'CPU is that of the contender with all its processes, in percent of one core. "Limited by" names who had no CPU ' +
    'time left: where it is the other side, the contender could do more.',
  'Every server runs on one machine with its load, over loopback.',
]
