import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readdir, readFile, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import which from 'which'

const packageFolder = fileURLToPath(new URL('../..', import.meta.url))

/** Where compiled programs are kept. Compiling is done once for each state of the sources. */
const cacheFolder = join(packageFolder, '.cache')

/** Why something cannot be measured here, in a few words, with what to do about it. */
export class Missing extends Error {
  override readonly name = 'Missing'
}

/** A file of this package, by its path inside it. */
export function packageFile(path: string): string {
  return join(packageFolder, path)
}

/** The path of the first of these programs that is on PATH. Throws `Missing` when there is none. */
export async function findTool(names: readonly string[], advice: string): Promise<string> {
  for (const name of names) {
    const path = await which(name, { nothrow: true })
    if (path !== null) return path
  }
  throw new Missing(`${names.join(' or ')} not found on PATH (${advice})`)
}

/** The C compiler. Throws `Missing` when there is none. */
export function findCompiler(): Promise<string> {
  return findTool(['gcc', 'cc', 'clang'], 'Debian: apt install gcc libc6-dev')
}

/** Arguments for a C program out of these sources. */
export function compilerArgs(
  sources: readonly string[],
  libraries: readonly string[] = []
): (output: string) => string[] {
  return output => ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-pthread', '-o', output, ...sources, ...libraries]
}

/** How a program is made: all files of `folder`, or those that are named, go into its identity. */
export interface Recipe {
  readonly name: string
  readonly compiler: string
  /** Arguments of the compiler, given where the result has to go. */
  readonly args: (output: string) => readonly string[]
  /** Folder of this package whose files are the sources. */
  readonly folder: string
  /** What to say when it does not compile. */
  readonly otherwise?: string
}

/** Compiles a program unless that was done already. Returns its path. Throws `Missing` when it does not compile. */
export async function compile(recipe: Recipe): Promise<string> {
  const { name, compiler, args, folder, otherwise } = recipe
  const output = join(cacheFolder, `${name}-${await identity(recipe)}`)
  if (await exists(output)) return output
  await mkdir(cacheFolder, { recursive: true })
  // Two runs at once must not see half a file of each other.
  const unfinished = `${output}.${process.pid}`
  try {
    await promisify(execFile)(compiler, args(unfinished), { cwd: packageFile(folder) })
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    const first = stderr.split('\n').find(line => line.includes('error')) ?? `${basename(compiler)} failed`
    throw new Missing(otherwise ?? `does not compile: ${first.trim()}`, { cause: error })
  }
  await rename(unfinished, output)
  return output
}

async function identity({ compiler, args, folder }: Recipe): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([compiler, args('output')]))
  for (const name of (await readdir(packageFile(folder))).toSorted()) {
    hash.update(name).update(await readFile(join(packageFile(folder), name)))
  }
  return hash.digest('hex').slice(0, 12)
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}
