import { Failure, formatCount } from 'command-line'
import type { BenchCase, Scale } from './case.js'
import { GeneratorRun } from './cases/generator-run.js'
import { ServerRun } from './cases/server-run.js'
import { StoreRun } from './cases/store-run.js'
import { whyTooMany } from './contenders/capacity.js'
import type { Launch, LoadContender, LoadLaunch, ServerContender, StoreContender } from './contenders/contender.js'
import { calibrate } from './machine/noise.js'
import type { Measurement } from './measurement.js'
import type { Ready } from './preparation.js'
import type { Position } from './progress.js'
import type { Absence, CaseReport, ContenderReport } from './report.js'
import { RunningServer } from './running-server.js'

/** Everything that is needed to measure cases. */
export interface BenchRig {
  readonly servers: readonly Ready<ServerContender, Launch>[]
  readonly stores: readonly Ready<StoreContender, Launch>[]
  readonly generators: readonly Ready<LoadContender, LoadLaunch>[]
  /** The server that generators are let loose on. */
  readonly opponent: Launch
  readonly loadProgram: string
  readonly loadThreads: number
  readonly measureProgram: string
  readonly scale: Scale
  readonly rounds: number
  /** Ends the run; what was measured until then is kept. */
  readonly signal: AbortSignal
  /** Told before each measurement. */
  readonly onMeasuring: (position: Position) => void
}

/** A contender's part in a case. */
interface Entry {
  readonly name: string
  readonly title: string
  readonly ours: boolean
  readonly measure: () => Promise<Measurement>
}

/**
 * Measures a case, with the contenders interleaved over the rounds: A B C A B C. Each measurement has a contender
 * that was started for it. `calibrations` receives one calibration loop (milliseconds) for each round.
 */
export async function runCase(
  benchCase: BenchCase,
  reference: string,
  rig: BenchRig,
  calibrations: number[]
): Promise<CaseReport> {
  const { entries, skipped } = entriesOf(benchCase, rig)
  const reports = entries.map(({ name, title, ours }) => ({ name, title, ours, rounds: [], failures: [] }) as Growing)
  for (let round = 1; round <= rig.rounds && !rig.signal.aborted; round++) {
    calibrations.push(calibrate())
    for (const [index, entry] of entries.entries()) {
      if (rig.signal.aborted) break
      rig.onMeasuring({ case: benchCase.name, contender: entry.name, round })
      await takeRound(entry, reports[index] as Growing, rig.signal)
    }
  }
  const { name, group, role, metric, also, cpuFor } = benchCase
  const title = benchCase.title(rig.scale)
  return { name, group, title, role, metric, also, cpuFor, reference, contenders: reports, skipped }
}

type Growing = ContenderReport & { rounds: (Measurement | null)[]; failures: string[] }

async function takeRound(entry: Entry, report: Growing, signal: AbortSignal): Promise<void> {
  try {
    report.rounds.push(await entry.measure())
  } catch (error) {
    // What was cut off by Ctrl-C says nothing about the contender.
    if (signal.aborted) return
    if (!(error instanceof Failure)) throw error
    report.rounds.push(null)
    if (!report.failures.includes(error.message)) report.failures.push(error.message)
  }
}

function entriesOf(benchCase: BenchCase, rig: BenchRig): { entries: Entry[]; skipped: Absence[] } {
  const skipped: Absence[] = []
  if (benchCase.role === 'load') {
    const entries = rig.generators
      .filter(({ launch }) => benchCase.suits(launch))
      .map(({ contender: { name, title, ours = false }, launch }) => ({
        ...{ name, title, ours },
        measure: () =>
          withServer(name, launch.server ?? rig.opponent, server =>
            benchCase.measure(new GeneratorRun(launch, server, rig.scale, rig.measureProgram))
          ),
      }))
    return { entries, skipped }
  }
  if (benchCase.role === 'store') {
    const entries = rig.stores.map(({ contender: { name, title, ours = false }, launch }) => ({
      ...{ name, title, ours },
      measure: () =>
        withServer(name, launch, server => benchCase.measure(new StoreRun(server, rig.scale, rig.loadThreads))),
    }))
    return { entries, skipped }
  }
  const wanted = benchCase.connections(rig.scale)
  const load = { program: rig.loadProgram, threads: rig.loadThreads }
  const entries = rig.servers.flatMap(({ contender, launch }) => {
    const { name, title, ours = false } = contender
    const why = whyTooMany(contender, wanted)
    if (why !== undefined) {
      skipped.push({ contender: name, reason: `not with ${formatCount(wanted)} connections: ${why}` })
      return []
    }
    const measure = () => withServer(name, launch, server => benchCase.measure(new ServerRun(server, rig.scale, load)))
    return [{ name, title, ours, measure }]
  })
  return { entries, skipped }
}

async function withServer(
  name: string,
  launch: Launch,
  use: (server: RunningServer) => Promise<Measurement>
): Promise<Measurement> {
  const server = await RunningServer.start(name, launch)
  try {
    return await use(server)
  } finally {
    await server.stop()
  }
}
