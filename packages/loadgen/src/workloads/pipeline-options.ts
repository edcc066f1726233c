import { parseCount } from 'command-line'
import type { Options } from 'yargs'
import type { Target } from '../plan.js'
import type { Problems } from '../problems.js'
import { type Arguments, given, text } from '../workload.js'

/** How many connections, and how much is on its way on each. */
export interface PipelinePlan {
  /** Default 64. */
  readonly connections?: number
  /** Messages or requests on their way at the same time on each connection. Default 1. */
  readonly pipeline?: number
}

const deepestPipeline = 4096

/** `what` is on its way: `Messages`. */
export function pipelineOptions(what: string): Readonly<Record<string, Options>> {
  return {
    connections: { type: 'string', describe: 'Connections [default: 64]' },
    pipeline: { type: 'string', describe: `${what} on their way on each [default: 1]` },
  }
}

/** The pipeline part of a plan. */
export function pipelinePlanFrom(args: Arguments, problems: Problems): PipelinePlan {
  const count = (option: string) => problems.read(`--${option}`, text(args, option), parseCount)
  return given({ connections: count('connections'), pipeline: count('pipeline') })
}

export function resolvePipeline({ connections = 64, pipeline = 1 }: PipelinePlan): Required<PipelinePlan> {
  return { connections, pipeline }
}

export function validatePipeline(
  { connections, pipeline, targets }: Required<PipelinePlan> & { readonly targets: readonly Target[] },
  problems: Problems
): void {
  problems.expect(
    connections >= Math.max(1, targets.length),
    `--connections ${connections}: expected at least one for each of ${targets.length} targets`
  )
  problems.expect(
    pipeline >= 1 && pipeline <= deepestPipeline,
    `--pipeline ${pipeline}: expected 1 to ${deepestPipeline}`
  )
}
