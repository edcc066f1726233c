import type { Options, Suite } from 'suite'
import { findCompiler, type Missing } from '../src/toolbox.js'

const missing: Missing | undefined = await findCompiler().then(
  () => undefined,
  error => error as Missing
)

/** A test that needs the load client, which is written in C; where there is no compiler it is skipped. */
export function withCompiler(test: Suite, name: string, run: () => unknown, options: Options): void {
  if (missing === undefined) test(name, run, options)
  else test.skip(name, missing.message, run)
}
