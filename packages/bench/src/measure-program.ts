import { compile, compilerArgs, findCompiler } from './toolbox.js'

/** Compiles the program that says what another one used: see measure/measure.c. Throws `Missing` without a C compiler. */
export async function compileMeasure(): Promise<string> {
  const args = compilerArgs(['measure.c'])
  return compile({ name: 'measure', compiler: await findCompiler(), args, folder: 'measure' })
}
