import { exitCode, Failure } from 'command-line'
import { type BenchRig, runCase } from './bench-run.js'
import type { BenchCase, Scale } from './case.js'
import { whyTooMany } from './contenders/capacity.js'
import type { Contender, Launch } from './contenders/contender.js'
import { servers } from './contenders/servers.js'
import { compileLoadClient } from './load-client.js'
import { describeEnvironment } from './machine/environment.js'
import { judgeNoise } from './machine/noise.js'
import { compileMeasure } from './measure-program.js'
import { isAbsent, prepareGenerator, prepareServer, prepareStore } from './preparation.js'
import { stopAllPrograms } from './program.js'
import type { Position } from './progress.js'
import type { Setting } from './report/figures.js'
import type { Absence, BenchReport, CaseReport } from './report.js'
import { findCompiler, Missing } from './toolbox.js'

/** What to measure, and how. */
export interface BenchPlan {
  readonly cases: readonly BenchCase[]
  readonly contenders: readonly Contender[]
  readonly rounds: number
  readonly quick: boolean
  readonly scale: Scale
  readonly loadThreads: number
  /** Whom ratios are of, by the role of the contenders. */
  readonly references: Readonly<Record<Contender['role'], string>>
}

/** Told what happens while it happens. */
export interface BenchListener {
  onAbsent(absence: Absence): void
  /** `measurements` is how many there will be. */
  onStart(measurements: number): void
  onMeasuring(position: Position): void
  onCase(report: CaseReport, setting: Setting): void
}

/** The server that generators are let loose on. */
const opponent = 'c-epoll'

/**
 * Measures all cases of a plan. When `signal` is aborted, all programs are ended and what was measured until then is
 * returned. Throws a `Failure` when there is nothing to make load with, or nothing to measure.
 */
export async function bench(plan: BenchPlan, listener: BenchListener, signal: AbortSignal): Promise<BenchReport> {
  const started = new Date()
  signal.addEventListener('abort', stopAllPrograms)
  try {
    const setting = {
      environment: describeEnvironment(await needed(findCompiler())),
      loadThreads: plan.loadThreads,
    }
    const skipped: Absence[] = []
    const rig = await prepareRig(plan, signal, listener, skipped)
    const calibrations: number[] = []
    const reports: CaseReport[] = []
    listener.onStart(plan.cases.reduce((sum, each) => sum + partakers(each, rig), 0) * plan.rounds)
    for (const each of plan.cases) {
      if (signal.aborted) break
      const report = await runCase(each, plan.references[each.role], rig, calibrations)
      reports.push(report)
      listener.onCase(report, setting)
    }
    const disturbances = reports.flatMap(({ contenders }) =>
      contenders.flatMap(({ rounds }) => rounds.flatMap(round => round?.disturbance ?? []))
    )
    if (disturbances.length === 0 && !signal.aborted)
      throw new Failure('nothing could be measured', exitCode.checkFailed)
    const { rounds, quick, scale } = plan
    return {
      ...{ version: 1, started: started.toISOString(), finished: new Date().toISOString(), rounds, quick, scale },
      ...{ ...setting, interrupted: signal.aborted, noise: judgeNoise(calibrations, disturbances), skipped },
      cases: reports,
    }
  } finally {
    signal.removeEventListener('abort', stopAllPrograms)
    stopAllPrograms()
  }
}

async function prepareRig(
  plan: BenchPlan,
  signal: AbortSignal,
  listener: BenchListener,
  skipped: Absence[]
): Promise<BenchRig> {
  const loadProgram = await needed(compileLoadClient())
  const rig = {
    ...{ loadProgram, loadThreads: plan.loadThreads, scale: plan.scale, rounds: plan.rounds, signal },
    measureProgram: await needed(compileMeasure()),
    opponent: await needed(prepareOpponent()),
    servers: [] as BenchRig['servers'][number][],
    stores: [] as BenchRig['stores'][number][],
    generators: [] as BenchRig['generators'][number][],
    onMeasuring: (position: Position) => listener.onMeasuring(position),
  }
  const absent = (absence: Absence) => {
    skipped.push(absence)
    listener.onAbsent(absence)
  }
  for (const contender of plan.contenders) {
    if (signal.aborted) break
    if (contender.role === 'server') {
      const ready = await prepareServer(contender, loadProgram)
      if (!isAbsent(ready)) rig.servers.push(ready)
      else if (!signal.aborted) absent(ready)
    } else if (contender.role === 'store') {
      const ready = await prepareStore(contender)
      if (isAbsent(ready)) absent(ready)
      else rig.stores.push(ready)
    } else {
      const ready = await prepareGenerator(contender)
      if (isAbsent(ready)) absent(ready)
      else rig.generators.push(ready)
    }
  }
  return rig
}

async function prepareOpponent(): Promise<Launch> {
  const contender = servers.find(({ name }) => name === opponent)
  if (contender === undefined) throw new Error(`there is no contender ${opponent}`)
  return contender.prepare()
}

function partakers(each: BenchCase, rig: BenchRig): number {
  if (each.role === 'load') return rig.generators.filter(({ launch }) => each.suits(launch)).length
  if (each.role === 'store') return rig.stores.length
  const wanted = each.connections(rig.scale)
  return rig.servers.filter(({ contender }) => whyTooMany(contender, wanted) === undefined).length
}

/** Without these nothing can be measured at all. */
async function needed<Value>(made: Promise<Value>): Promise<Value> {
  try {
    return await made
  } catch (error) {
    if (!(error instanceof Missing)) throw error
    throw new Failure(`the load client is written in C: ${error.message}`, exitCode.checkFailed, { cause: error })
  }
}
