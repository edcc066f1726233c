import { totalmem } from 'node:os'
import Table from 'cli-table3'
import { formatDuration, formatSize } from 'command-line'
import { seconds } from '../format.js'
import { stallPatience } from '../patience.js'
import { cpuLimit, spinLimit, spinSpan } from '../rules/cpu-rule.js'
import { growthAllowance, stalledAllowance, systemShare } from '../rules/memory-rule.js'
import type { Scale } from '../scale.js'
import type { Settings } from '../settings.js'
import type { StageTest } from '../stage-test.js'
import { start } from '../start-test.js'
import { indent } from './lines.js'

/** What a rough duration takes for granted, in bytes per second. */
const usualRate = 500 * 1024 * 1024

/** Starting and ending a usual program, in milliseconds. */
const overhead = 700

/** Columns of what stands before each line. */
const labelWidth = 'environment'.length

/** What a test expects, and how long it roughly takes with a program that passes, in milliseconds. */
interface Expectation {
  readonly limits: string
  duration(scale: Scale): number
}

const everyByte = `every byte right, and never ${seconds(stallPatience)} without progress`

const expectations: Readonly<Record<string, Expectation>> = {
  start: { limits: 'all ports accept within --start-timeout', duration: () => 0 },
  nonblocking: { limits: `others served: ${everyByte}`, duration: ({ nonblocking }) => nonblocking.until + 300 },
  cpu: {
    limits: `less than ${cpuLimit} % of one core on average, less than ${spinLimit} % in any ${seconds(spinSpan)}`,
    duration: ({ cpu }) => cpu.window + cpu.stalled + 1_500,
  },
  memory: {
    limits:
      `less than ${100 * systemShare} % of memory (${formatSize(systemShare * totalmem())} here), at most ` +
      `${formatSize(stalledAllowance)} more for clients that do not read, less than ${formatSize(growthAllowance)} of growth`,
    duration: ({ memory }) =>
      [memory.size, memory.sizeOfOthers]
        .map(size => Math.min(memory.longest, (1000 * size) / usualRate))
        .reduce((sum, time) => sum + time, memory.held + 400 * memory.rounds),
  },
  single: { limits: everyByte, duration: ({ single }) => 30 * single.strings },
  multiple: { limits: everyByte, duration: ({ multiple }) => 250 * multiple.strings },
  errors: {
    limits: `others served: ${everyByte}; no descriptors kept of clients that are gone`,
    duration: ({ errors }) => 40 * errors.vanishing + 1_500,
  },
}

/** What would be done, for `--dry-run`: lines. */
export function describePlan(settings: Settings, tests: readonly StageTest[], repeat: number): string[] {
  const { stage, target, seed, scale } = settings
  const all = [start, ...tests]
  const total = all.reduce((sum, { id }) => sum + durationOf(id, scale), 0)
  const rows: (readonly [string, string])[] = [
    ['stage', `${stage.number}: ${stage.title}`],
    ...describeProgram(settings),
    ['ports', `${target.ports.join(', ')} of ${target.hosts.join(' or ')}`],
    ['seed', `${seed}${repeat > 1 ? `, and ${repeat - 1} more derived from it` : ''}`],
    ['scale', scale.name],
    ['evidence', settings.evidenceFolder],
    [
      'duration',
      `about ${formatDuration(1000 * Math.round((repeat * total) / 1000))}${repeat > 1 ? ` for ${repeat} runs` : ''}`,
    ],
  ]
  const table = new Table({
    head: ['test', 'about', 'passes with'],
    colWidths: [13, 8, 55],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
  })
  for (const { id } of all) {
    table.push([id, `${Math.max(1, Math.round(durationOf(id, scale) / 1000))} s`, expectations[id]?.limits ?? ''])
  }
  return [...rows.flatMap(([name, text]) => labelled(name, text)), table.toString(), 'dry run: nothing was started']
}

function describeProgram({ target }: Settings): (readonly [string, string])[] {
  if (!('command' in target)) {
    const watched = target.pid === undefined ? 'CPU and memory stay unknown without --pid' : `pid ${target.pid}`
    return [['attach to', `${target.hosts[0]}; ${watched}; neither started nor ended`]]
  }
  const added = Object.entries(target.environment ?? {}).map(([name, value]) => `${name}=${value}`)
  return [
    ['target', target.command],
    ['start', `with /bin/sh, anew for each test; has to listen within ${seconds(target.startTimeout)}`],
    ['end', 'after each test, with everything that it started: SIGTERM, then SIGKILL'],
    ['folder', target.workingDirectory ?? 'an empty one of its own'],
    ['environment', ['that of this shell', ...added].join(', ')],
  ]
}

function labelled(name: string, text: string): string[] {
  const [first = '', ...others] = indent(labelWidth + 1, text, 0)
  return [`${name.padEnd(labelWidth)} ${first.trimStart()}`, ...others]
}

function durationOf(id: string, scale: Scale): number {
  return overhead + (expectations[id]?.duration(scale) ?? 0)
}
