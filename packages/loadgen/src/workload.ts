import type { EngineName } from 'reactor'
import type { Options } from 'yargs'
import type { LoadPlan, PlanBase, Resolved } from './plan.js'
import type { Problems } from './problems.js'
import type { Progress } from './report.js'

/** What the command line gave, by option; every value is a text as it was typed, or a flag. */
export type Arguments = Readonly<Record<string, unknown>>

/**
 * A kind of load, as far as it is known before it runs: its options, its rules, and how it describes itself. What it
 * does on the loop's thread is its Driver, under the same name in thread/drivers.ts.
 */
export interface Workload<Plan extends LoadPlan> {
  readonly name: Plan['workload']
  /** One line for `--help`. */
  readonly summary: string
  readonly examples: readonly (readonly [command: string, explanation: string])[]
  /** Its own options. All values are read as text, so that every mistake is found and told at once. */
  readonly options: Readonly<Record<string, Options>>
  /** The plan that these arguments ask for. What cannot be read goes to `problems`. */
  planFrom(args: Arguments, base: PlanBase, problems: Problems): Plan
  /** Connections opened in a second unless told otherwise; 0: all at once. */
  readonly connectRate: number
  /** What `auto` tries first. Absent: what is first in general. */
  preferredEngine?(plan: Resolved<Plan>): EngineName | 'auto'
  /** Fills in the defaults of what is not in PlanBase. */
  resolve(plan: Plan): Omit<Resolved<Plan>, keyof PlanBase>
  /** Adds everything that is wrong with the plan to `problems`. */
  validate(plan: Resolved<Plan>, problems: Problems): void
  /** How many connections the plan comes to, all segments together; 0 where their number is not planned. */
  connections(plan: Resolved<Plan>): number
  /** How many connections may be open at the same time, where that is not `connections`. */
  concurrent?(plan: Resolved<Plan>): number
  /** How many messages this segment's share comes to; 0 where their number is not planned. */
  messages?(plan: Resolved<Plan>, connections: number): number
  /** Share of the planned work that this segment has done, 0 to 1; undefined where no end is planned. */
  done(progress: Progress, plan: Resolved<Plan>): number | undefined
  /** The resolved numbers in words, one line each. */
  describe(plan: Resolved<Plan>): string[]
}

/** A text option's value, undefined when it was not given. */
export function text(args: Arguments, option: string): string | undefined {
  const value = args[option]
  return value === undefined ? undefined : String(value)
}

/** The properties of an object that are not undefined: an absent option must not hide a default. */
export function given<Values extends object>(
  values: Values
): { [Key in keyof Values]?: Exclude<Values[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Values]?: Exclude<Values[Key], undefined>
  }
}
