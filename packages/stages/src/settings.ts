import { randomInt } from 'node:crypto'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseCount, parseDuration, parsePorts, resolveHost, UsageError } from 'command-line'
import type { Argv } from 'yargs'
import { defaultEvidenceFolder, EvidenceFolder, type RunSettings } from './evidence-folder.js'
import type { JudgeOptions } from './judge.js'
import { scales } from './scale.js'
import type { Stage } from './stages.js'

const engines = ['auto', 'epoll', 'node'] as const

/** Both loopback addresses: a program may listen on either. */
const localhost = ['127.0.0.1', '::1']

/** Seeds that fit into 32 bits are easier to copy. */
const seedRange = 2 ** 32

/** What to judge and how, as the command line and the environment say. */
export interface Settings extends Omit<JudgeOptions, 'log'> {
  readonly stage: Stage
  readonly evidence: EvidenceFolder
  readonly run: RunSettings
}

/**
 * Declares the options of everything that judges. Each can also be given in the environment, as `STAGE_` and its name:
 * so they reach the tests through turbo.
 */
export function judgeOptions<T>(yargs: Argv<T>) {
  const fromEnvironment = (name: string) => {
    const value = process.env[`STAGE_${name}`]
    return value === undefined || value === '' ? {} : { default: value, defaultDescription: `$STAGE_${name}` }
  }
  return yargs
    .option('target', {
      type: 'string',
      describe: 'Command line of the program to judge [default: our own server]',
      requiresArg: true,
      ...fromEnvironment('TARGET'),
    })
    .option('cwd', {
      type: 'string',
      describe: 'Folder in which the program runs [default: an empty one]',
      requiresArg: true,
      ...fromEnvironment('CWD'),
    })
    .option('env', {
      type: 'string',
      array: true,
      describe: 'NAME=value for the program; may be given more than once',
      requiresArg: true,
    })
    .option('quick', {
      type: 'boolean',
      describe: 'Scale sizes and times down',
      coerce: (value: unknown) => readSwitch(value),
      ...fromEnvironment('QUICK'),
    })
    .option('seed', {
      type: 'string',
      describe: 'Repeat the bytes of a run [default: a random one]',
      requiresArg: true,
      coerce: parseCount,
      ...fromEnvironment('SEED'),
    })
    .option('ports', {
      type: 'string',
      describe: "Ports to judge [default: the stage's]",
      requiresArg: true,
      ...fromEnvironment('PORTS'),
    })
    .option('host', {
      type: 'string',
      describe: 'Address at which clients look for the program [default: 127.0.0.1 or ::1]',
      requiresArg: true,
      ...fromEnvironment('HOST'),
    })
    .option('start-timeout', {
      type: 'string',
      describe: 'How long the program may take until its ports accept',
      default: '10s',
      requiresArg: true,
      coerce: parseDuration,
      ...fromEnvironment('START_TIMEOUT'),
    })
    .option('engine', {
      choices: engines,
      describe: 'Engine of our own server',
      requiresArg: true,
      ...fromEnvironment('ENGINE'),
    })
    .option('evidence', {
      type: 'string',
      describe: 'Folder for the evidence [default: evidence/stage10]',
      requiresArg: true,
      ...fromEnvironment('EVIDENCE'),
    })
}

/** What yargs makes of `judgeOptions`. */
export interface JudgeArguments {
  readonly target?: string | undefined
  readonly cwd?: string | undefined
  readonly env?: readonly string[] | undefined
  readonly quick?: boolean | undefined
  readonly seed?: number | undefined
  readonly ports?: string | undefined
  readonly host?: string | undefined
  readonly 'start-timeout': number
  readonly engine?: string | undefined
  readonly evidence?: string | undefined
}

/**
 * Turns the arguments into settings; without a seed among them, `usualSeed` or a random one is taken. Throws a
 * UsageError for what does not fit together.
 */
export async function readSettings(stage: Stage, args: JudgeArguments, usualSeed?: number): Promise<Settings> {
  if (args.target !== undefined && args.engine !== undefined) {
    throw new UsageError('--engine is for our own server; it says nothing about another --target')
  }
  checkWorkingDirectory(args.cwd)
  const ports = args.ports === undefined ? stage.ports : readPorts(args.ports)
  const hosts = args.host === undefined ? localhost : [await resolveHost(args.host)]
  const command = args.target ?? ownServer(ports, hosts[0] ?? '', args.engine)
  const evidence = evidenceFolderOf(stage, args)
  const scale = args.quick ? scales.quick : scales.full
  const seed = args.seed ?? usualSeed ?? randomInt(seedRange)
  return {
    stage,
    evidence,
    evidenceFolder: evidence.path,
    scale,
    seed,
    target: {
      command,
      workingDirectory: args.cwd,
      environment: readEnvironment(args.env ?? []),
      hosts,
      ports,
      startTimeout: args['start-timeout'],
    },
    run: { stage: stage.number, target: command, ports, scale: scale.name, seed },
  }
}

/** The folder that the arguments name, or the stage's own. */
export function evidenceFolderOf(stage: Stage, { evidence }: Pick<JudgeArguments, 'evidence'>): EvidenceFolder {
  return new EvidenceFolder(evidence ?? defaultEvidenceFolder(stage.number))
}

function readPorts(text: string): number[] {
  const ports = parsePorts(text)
  if (ports.includes(0)) throw new UsageError('port 0 cannot be judged; expected ports such as 8001-8004')
  return ports
}

function checkWorkingDirectory(path: string | undefined): void {
  if (path === undefined || statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  throw new UsageError(`--cwd: '${path}' is not a folder; expected one in which the program can run`)
}

/** A switch in the environment is a text. */
function readSwitch(value: unknown): boolean {
  if (typeof value === 'boolean' || value === undefined) return value ?? false
  const text = String(value).toLowerCase()
  if (['1', 'true', 'yes', 'on'].includes(text)) return true
  if (['0', 'false', 'no', 'off'].includes(text)) return false
  throw new UsageError(`'${text}' is not a switch; expected 1 or 0`)
}

function readEnvironment(assignments: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    assignments.map(assignment => {
      const [, name, value] = assignment.match(/^([A-Za-z_]\w*)=(.*)$/s) ?? []
      if (name === undefined || value === undefined) {
        throw new UsageError(`--env: '${assignment}' is not an assignment; expected NAME=value`)
      }
      return [name, value]
    })
  )
}

/** Our server is started like everybody's: as a program. */
function ownServer(ports: readonly number[], host: string, engine: string | undefined): string {
  const program = fileURLToPath(new URL('../../../server/dist/src/cli.js', import.meta.url))
  const words = [process.execPath, program, '--ports', ports.join(','), '--host', host]
  if (engine !== undefined) words.push('--engine', engine)
  return `exec ${words.map(quote).join(' ')}`
}

/** For `/bin/sh`. */
function quote(word: string): string {
  return /^[\w./:,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
