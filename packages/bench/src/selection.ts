import { UsageError } from 'command-line'
import type { BenchCase } from './case.js'
import type { Contender } from './contenders/contender.js'

/** What is there to be measured. */
export interface Catalogue {
  readonly cases: readonly BenchCase[]
  readonly contenders: readonly Contender[]
}

/**
 * What the names of `--only` choose: names of contenders narrow the contenders, names of cases or of their groups the
 * cases; a kind that no name is of stays whole. The references stay in: without them there are no ratios. Throws a
 * `UsageError` for a name that nothing has.
 */
export function select(all: Catalogue, names: readonly string[], references: readonly string[]): Catalogue {
  const known = new Set([
    ...all.cases.flatMap(({ name, group }) => [name, group]),
    ...all.contenders.map(({ name }) => name),
  ])
  for (const name of names) {
    if (!known.has(name)) {
      throw new UsageError(`--only: there is no '${name}'; see bench list, or name some of ${[...known].join(', ')}`)
    }
  }
  const chosenCases = all.cases.filter(({ name, group }) => names.includes(name) || names.includes(group))
  const cases = chosenCases.length > 0 ? chosenCases : all.cases
  const chosen = all.contenders.filter(({ name }) => names.includes(name))
  const roles = new Set(chosen.map(({ role }) => role))
  // Somebody who names a server alone wants no comparison of generators, unless he names such a case as well.
  const wantedCases = chosenCases.length === 0 && roles.size > 0 ? cases.filter(({ role }) => roles.has(role)) : cases
  const contenders = all.contenders.filter(contender => {
    const { name, role } = contender
    if (!wantedCases.some(each => each.role === role)) return false
    return !roles.has(role) || chosen.includes(contender) || references.includes(name)
  })
  return { cases: wantedCases, contenders }
}
