import { parseCount, parseDuration, UsageError } from 'command-line'
import type { Argv } from 'yargs'

const engines = ['auto', 'epoll', 'uring', 'node'] as const

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
    .option('attach', {
      type: 'string',
      describe: 'Judge a program that runs already, at this address; it is neither started nor ended',
      requiresArg: true,
      ...fromEnvironment('ATTACH'),
    })
    .option('pid', {
      type: 'string',
      describe: 'Its first process, for CPU and memory [default: both unknown]',
      requiresArg: true,
      coerce: readPid,
      ...fromEnvironment('PID'),
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
  readonly attach?: string | undefined
  readonly pid?: number | undefined
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

/** A switch in the environment is a text. */
function readSwitch(value: unknown): boolean {
  if (typeof value === 'boolean' || value === undefined) return value ?? false
  const text = String(value).toLowerCase()
  if (['1', 'true', 'yes', 'on'].includes(text)) return true
  if (['0', 'false', 'no', 'off'].includes(text)) return false
  throw new UsageError(`'${text}' is not a switch; expected 1 or 0`)
}

function readPid(text: string): number {
  const pid = /^\d{1,10}$/.test(text) ? Number(text) : 0
  if (pid === 0) throw new UsageError(`'${text}' is not a pid; expected the number of a process`)
  return pid
}
