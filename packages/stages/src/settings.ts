import { randomInt } from 'node:crypto'
import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parsePorts, resolveHost, UsageError } from 'command-line'
import { defaultEvidenceFolder, EvidenceFolder, type RunSettings } from './evidence-folder.js'
import type { JudgeOptions, StartOptions, TargetOptions } from './judge.js'
import type { JudgeArguments } from './judge-options.js'
import type { AttachOptions } from './program/attached-program.js'
import { scales } from './scale.js'
import type { Stage } from './stages.js'

/** Both loopback addresses: a program may listen on either. */
const localhost = ['127.0.0.1', '::1']

/** Seeds that fit into 32 bits are easier to copy. */
const seedRange = 2 ** 32

/** From one run's seed to the next's: 2^32 by the golden ratio, so that no two of many are near each other. */
const seedStep = 0x9e3779b1

/** What to judge and how, as the command line and the environment say. */
export interface Settings extends Omit<JudgeOptions, 'log'> {
  readonly stage: Stage
  readonly evidence: EvidenceFolder
  readonly run: RunSettings
  /** The options that ask for the same again, without the seed. */
  readonly options: readonly string[]
}

/**
 * Turns the arguments into settings; without a seed among them, `usualSeed` or a random one is taken. Throws a
 * UsageError for what does not fit together.
 */
export async function readSettings(stage: Stage, args: JudgeArguments, usualSeed?: number): Promise<Settings> {
  const ports = args.ports === undefined ? stage.ports : readPorts(args.ports)
  const target =
    args.attach === undefined ? await startTarget(stage, args, ports) : await attachTarget(args.attach, args, ports)
  const evidence = evidenceFolderOf(stage, args)
  const scale = args.quick ? scales.quick : scales.full
  const seed = args.seed ?? usualSeed ?? randomInt(seedRange)
  return {
    stage,
    evidence,
    evidenceFolder: evidence.path,
    scale,
    seed,
    target,
    run: { stage: stage.number, target: describeTarget(target), ports, scale: scale.name, seed },
    options: optionsOf(args),
  }
}

function optionsOf(args: JudgeArguments): string[] {
  const named = ['target', 'engine', 'attach', 'pid', 'host', 'ports', 'cwd'] as const
  return [
    ...(args.quick ? ['--quick'] : []),
    ...named.flatMap(name => (args[name] === undefined ? [] : [`--${name}`, String(args[name])])),
    ...(args.env ?? []).flatMap(assignment => ['--env', assignment]),
  ]
}

/** The settings of one of several runs: its seed is derived from theirs, its evidence has a folder of its own. */
export function settingsOfRun(settings: Settings, index: number): Settings {
  const seed = (settings.seed + index * seedStep) % seedRange
  const evidence = new EvidenceFolder(join(settings.evidence.path, `run-${index + 1}`))
  return { ...settings, seed, evidence, evidenceFolder: evidence.path, run: { ...settings.run, seed } }
}

/** For people and for the JSON document: the command line, or where the program was found. */
function describeTarget(target: TargetOptions): string {
  if ('command' in target) return target.command
  return `--attach ${target.hosts[0]}${target.pid === undefined ? '' : ` --pid ${target.pid}`}`
}

async function startTarget(stage: Stage, args: JudgeArguments, ports: readonly number[]): Promise<StartOptions> {
  if (args.pid !== undefined) throw new UsageError('--pid is for a program that runs already: give --attach as well')
  if (args.target !== undefined && args.engine !== undefined) {
    throw new UsageError('--engine is for our own server; it says nothing about another --target')
  }
  if (args.target?.trim() === '') throw new UsageError('--target is empty; expected a command line')
  const hosts = args.host === undefined ? localhost : await resolveHosts(args.host)
  return {
    command: args.target ?? ownServer(stage, ports, hosts[0] ?? '', args.engine),
    workingDirectory: readWorkingDirectory(args.cwd),
    environment: readEnvironment(args.env ?? []),
    hosts,
    ports,
    startTimeout: args['start-timeout'],
  }
}

async function attachTarget(host: string, args: JudgeArguments, ports: readonly number[]): Promise<AttachOptions> {
  for (const name of ['target', 'engine', 'cwd', 'env', 'host'] as const) {
    if (args[name] !== undefined) {
      throw new UsageError(`--attach judges a program that runs already; --${name} is for one that is started`)
    }
  }
  return { hosts: await resolveHosts(host), ports, pid: args.pid }
}

async function resolveHosts(host: string): Promise<readonly string[]> {
  return host === 'localhost' ? localhost : [await resolveHost(host)]
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

function readWorkingDirectory(path: string | undefined): string | undefined {
  if (path === undefined || statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path && resolve(path)
  throw new UsageError(`--cwd: '${path}' is not a folder; expected one in which the program can run`)
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
function ownServer(stage: Stage, ports: readonly number[], host: string, engine: string | undefined): string {
  const program = fileURLToPath(new URL('../../../server/dist/src/cli.js', import.meta.url))
  const words = [process.execPath, program, '--ports', ports.join(','), '--host', host]
  if (stage.protocol.name !== 'echo') words.push('--protocol', stage.protocol.name)
  if (engine !== undefined) words.push('--engine', engine)
  return `exec ${words.map(quote).join(' ')}`
}

/** A word as `/bin/sh` reads it back. */
export function quote(word: string): string {
  return /^[\w./:,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
