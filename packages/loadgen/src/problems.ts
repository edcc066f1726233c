import { UsageError } from 'command-line'

/** Collects everything that is wrong with a configuration, so that it can be told at once. */
export class Problems {
  readonly list: string[] = []

  add(problem: string): void {
    this.list.push(problem)
  }

  /** Adds a problem unless `condition` holds. */
  expect(condition: boolean, problem: string): void {
    if (!condition) this.list.push(problem)
  }

  /**
   * What `parse` makes of an option's text. Undefined where the option is absent or, as a problem, unusable: where
   * `parse` throws a UsageError or a RangeError.
   */
  read<Value>(option: string, text: string | undefined, parse: (text: string) => Value): Value | undefined {
    if (text === undefined) return undefined
    try {
      return parse(text)
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof RangeError)) throw error
      this.list.push(`${option}: ${error.message}`)
      return undefined
    }
  }

  /** Throws all of them as one UsageError, if there are any. */
  settle(): void {
    if (this.list.length > 0) throw new UsageError(this.list.join('; '))
  }
}
