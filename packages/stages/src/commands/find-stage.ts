import { UsageError } from 'command-line'
import { type Stage, stages } from '../stages.js'

/** The stage of a number as it was typed. Throws a UsageError when there is none. */
export function findStage(text: unknown): Stage {
  const stage = stages.get(Number(text))
  if (!stage) {
    throw new UsageError(`there is no stage '${text}'; expected one of ${[...stages.keys()].join(', ')}`)
  }
  return stage
}
