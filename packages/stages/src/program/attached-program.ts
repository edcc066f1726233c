import { randomUUID } from 'node:crypto'
import { UsageError } from 'command-line'
import { Doubt } from '../verdict.js'
import { holderOfPort, isListening, readListeners } from './listeners.js'
import { isOwnAddress, sharesNetwork } from './network.js'
import { commandLineOf, readProcess, stillRuns } from './process-table.js'
import type { Program, ProgramEnd, StopReport } from './program.js'
import { ProgramTree } from './program-tree.js'

/** Where to find a program that runs already. */
export interface AttachOptions {
  /** IP addresses at which it may listen, the preferred one first. */
  readonly hosts: readonly string[]
  readonly ports: readonly number[]
  /** Its first process, when its CPU time and memory are to be judged. */
  readonly pid?: number | undefined
}

/** How often the process is looked up, in milliseconds. */
const watchEvery = 250

/** A program that was running before the judge came, and goes on after it has left. It gets no signal. */
export class AttachedProgram implements Program {
  readonly pid: number | undefined
  readonly tree: ProgramTree | undefined
  readonly stdout = undefined
  readonly stderr = undefined
  readonly startedIn = undefined
  readonly ports: readonly number[]
  readonly host: string
  end: ProgramEnd | undefined
  readonly ended: Promise<ProgramEnd>
  #watch: NodeJS.Timeout | undefined

  private constructor({ hosts, ports, pid }: AttachOptions) {
    this.ports = ports
    this.host = hosts.find(host => silentPorts([host], ports).length === 0) ?? hosts[0] ?? ''
    this.pid = pid
    // Nobody carries this mark: what belongs to the program is told by parentage, process group and session.
    this.tree = pid === undefined ? undefined : new ProgramTree(pid, `SLUICE_JUDGED=${randomUUID()}`)
    this.ended = new Promise(resolve => {
      const process = pid === undefined ? undefined : readProcess(pid)
      if (!process) return
      this.#watch = setInterval(() => {
        if (stillRuns(process)) return
        clearInterval(this.#watch)
        this.end = { code: null, signal: null, at: performance.now() }
        resolve(this.end)
      }, watchEvery)
    })
  }

  /** Looks for a running program. Throws a Doubt when its process is gone, or nobody listens on one of its ports. */
  static attach(options: AttachOptions): AttachedProgram {
    const { hosts, ports, pid } = options
    if (pid !== undefined && !runs(pid)) throw new Doubt(`the program, pid ${pid}, is not running any more`)
    const silent = silentPorts(hosts, ports)
    if (silent.length === ports.length) throw new Doubt(`nothing listens on ${describePorts(ports)} of ${hosts[0]}`)
    return new AttachedProgram(options)
  }

  /**
   * Throws a UsageError when the options name no running program: nothing listens there, there is no such process, or
   * it is another one that listens.
   */
  static check({ hosts, ports, pid }: AttachOptions): void {
    const [host = ''] = hosts
    if (silentPorts(hosts, ports).length === ports.length) {
      throw new UsageError(
        `--attach: nothing listens on ${describePorts(ports)} of ${host}; start the program first, or name its ports with --ports`
      )
    }
    if (pid === undefined) return
    if (!isOwnAddress(host)) {
      throw new UsageError(`--pid: ${host} is another machine; expected no --pid, or a program on this machine`)
    }
    if (!runs(pid)) {
      throw new UsageError(`--pid: there is no process ${pid}; expected the pid of the program that listens`)
    }
    // The ports of a container are not those of this machine.
    if (sharesNetwork(pid)) checkHolders(pid, ports)
  }

  describeEnd(when = ''): string {
    return `has ended${when}; how, only who started it knows`
  }

  async stop(): Promise<StopReport> {
    clearInterval(this.#watch)
    return { by: 'nobody', milliseconds: 0, leftBehind: [] }
  }
}

function checkHolders(pid: number, ports: readonly number[]): void {
  const members = new ProgramTree(pid, `SLUICE_JUDGED=${randomUUID()}`).members().map(member => member.pid)
  if (members.includes(process.pid)) {
    throw new UsageError(`--pid: the judge itself was started by pid ${pid}; expected that of the program that listens`)
  }
  for (const port of ports) {
    const holder = holderOfPort(port)
    // Of another user's processes nobody can tell what they hold.
    if (!holder || holder.pids.length === 0 || holder.pids.some(holding => members.includes(holding))) continue
    throw new UsageError(
      `--pid: ${commandLineOf(pid)} (pid ${pid}) does not listen on port ${port}; ${holder.description} does`
    )
  }
}

function runs(pid: number): boolean {
  const process = readProcess(pid)
  return process !== undefined && stillRuns(process)
}

/** The ports on which nobody listens. Of another machine's ports the clients will tell. */
function silentPorts(hosts: readonly string[], ports: readonly number[]): number[] {
  if (!hosts.every(isOwnAddress)) return []
  const listeners = readListeners()
  return ports.filter(port => !hosts.some(host => isListening(host, port, listeners)))
}

function describePorts(ports: readonly number[]): string {
  return `${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`
}
