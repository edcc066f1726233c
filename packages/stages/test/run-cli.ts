import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fixtureCommand, type Place, portsEnvironment } from './fixture.js'

/** What a command did. */
export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a script of this package, such as `src/cli.js`, to its end. */
export function runScript(
  script: string,
  args: readonly string[],
  environment: Record<string, string> = {}
): Promise<Outcome> {
  return runProgram(process.execPath, [scriptPath(script), ...args], environment)
}

/** Where a script of this package stands. */
export function scriptPath(script: string): string {
  return fileURLToPath(new URL(`../${script}`, import.meta.url))
}

/** Runs any program to its end. */
export function runProgram(
  file: string,
  args: readonly string[],
  environment: Record<string, string> = {}
): Promise<Outcome> {
  return new Promise(resolve => {
    const env = { ...process.env, NO_COLOR: '1', ...environment }
    execFile(file, args, { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? -1), stdout, stderr })
    )
  })
}

/** Runs `stages`. */
export function stages(...args: string[]): Promise<Outcome> {
  return runScript('src/cli.js', args)
}

/** The options that have a fixture judged in a place, quickly. */
export function judgeArguments(fixture: string, { ports, folder }: Place): string[] {
  return [
    ...['--quick', '--ports', ports.join(','), '--evidence', join(folder, 'evidence')],
    ...['--target', fixtureCommand(fixture)],
    ...Object.entries(portsEnvironment(ports)).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  ]
}
