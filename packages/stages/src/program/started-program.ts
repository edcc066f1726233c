import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Patience, waitUntil, withinLimit } from '../patience.js'
import { Blame, Doubt, type Evidence } from '../verdict.js'
import { findErrorLine } from './error-line.js'
import { describeExit, type ExitStatus } from './exit-status.js'
import { Guardian } from './guardian.js'
import { holderOfPort, isListening, lingeringConnections, readListeners } from './listeners.js'
import { commandLineOf } from './process-table.js'
import type { Program, ProgramEnd, StopReport } from './program.js'
import { ProgramOutput } from './program-output.js'
import { ProgramTree } from './program-tree.js'
import { killAtExit, spare } from './reaper.js'
import { withoutShell } from './shell-command.js'
import { inheritOrphans, ownChild } from './subreaper.js'

/** How to start a program. */
export interface LaunchOptions {
  /** A command line for `/bin/sh`. */
  readonly command: string
  readonly workingDirectory: string
  /** Added to our own environment. */
  readonly environment?: Readonly<Record<string, string>>
  /** IP addresses at which clients may look for it, the preferred one first. */
  readonly hosts: readonly string[]
  readonly ports: readonly number[]
  /** Milliseconds that it may take until all ports accept. */
  readonly startTimeout: number
  /** Folder for what it writes to stdout and stderr; nowhere when undefined. */
  readonly outputFolder?: string
}

/** How long a program may take to end on SIGTERM. Ignoring it is allowed; it is then killed. Milliseconds. */
const termPatience = 3_000

/** How long the kernel may take to end what was killed, and to free its ports. Milliseconds. */
const killPatience = 5_000

/** How long TIME_WAIT lasts on Linux (tcp(7)), and a bit. Milliseconds. */
const lingerPatience = 65_000

const lookEvery = 20

/** How often a program without a parent of its own (a daemon) is looked up. Milliseconds. */
const watchEvery = 250

/** How long the last output of a program that has ended is read, while another process goes on writing. Milliseconds. */
const lastWordsPatience = 2_000

/** A program that is started as its author would, in a session of its own, and ended with everything it starts. */
export class StartedProgram implements Program {
  readonly pid: number
  readonly tree: ProgramTree
  readonly stdout: ProgramOutput
  readonly stderr: ProgramOutput
  readonly ports: readonly number[]
  startedIn = 0
  host = ''
  end: ProgramEnd | undefined
  readonly ended: Promise<ProgramEnd>

  readonly #guardian: Guardian
  readonly #options: LaunchOptions
  readonly #exit: Promise<ExitStatus>
  readonly #startedAt = performance.now()
  #leader: ExitStatus | undefined
  #listening = false
  #inBackground = false

  private constructor(child: ChildProcess, pid: number, mark: string, guardian: Guardian, options: LaunchOptions) {
    this.pid = pid
    this.#guardian = guardian
    this.#options = options
    this.ports = options.ports
    this.tree = new ProgramTree(pid, mark, orphan => guardian.watchProcess(orphan))
    const folder = options.outputFolder
    if (!child.stdout || !child.stderr) throw new Error('the program was started without its outputs')
    this.stdout = new ProgramOutput(child.stdout, folder && join(folder, 'stdout.log'))
    this.stderr = new ProgramOutput(child.stderr, folder && join(folder, 'stderr.log'))
    this.#exit = new Promise(resolve => {
      child.once('exit', (code, signal) => {
        // One that leaves with success before the ports accept has gone into the background.
        this.#inBackground = !this.#listening && code === 0
        this.#leader = { code, signal }
        resolve(this.#leader)
      })
    })
    this.ended = this.#watchForEnd()
  }

  /**
   * Starts a program and waits until all its ports accept. Throws a Blame when it ends or does not listen in time, a
   * Doubt when a port is taken by another program. Whatever was started has then been ended.
   */
  static async start(options: LaunchOptions): Promise<StartedProgram> {
    const listeners = readListeners()
    for (const port of options.ports) {
      const holder = holderOfPort(port, listeners)
      if (holder) {
        throw new Doubt(`port ${port} is taken by ${holder.description}: end it, or choose other ports with --ports`, {
          port,
          pids: holder.pids,
        })
      }
    }
    try {
      return await StartedProgram.#startOnce(options)
    } catch (error) {
      // A program that binds without SO_REUSEADDR is right, and cannot start while old connections linger on its port.
      const linger = () => options.ports.some(port => lingeringConnections(port) > 0)
      if (!(error instanceof Blame) || !linger()) throw error
      await waitUntil(() => !linger(), lingerPatience)
      return await StartedProgram.#startOnce(options)
    }
  }

  static async #startOnce(options: LaunchOptions): Promise<StartedProgram> {
    await inheritOrphans()
    const mark = `SLUICE_JUDGED=${randomUUID()}`
    const guardian = new Guardian(mark)
    const [name = '', value] = mark.split('=')
    const child = spawn('/bin/sh', ['-c', withoutShell(options.command)], {
      cwd: options.workingDirectory,
      env: { ...process.env, ...options.environment, [name]: value },
      // A session and a process group of its own.
      detached: true,
      // Standard input stays open and silent: some programs end when it does.
      stdio: 'pipe',
    })
    if (child.pid === undefined) {
      guardian.dismiss()
      const [error] = await new Promise<[Error]>(resolve => child.once('error', cause => resolve([cause])))
      throw new Doubt(`the program could not be started: ${error.message}`)
    }
    child.stdin?.on('error', () => {})
    ownChild(child)
    guardian.watchGroup(child.pid)
    const program = new StartedProgram(child, child.pid, mark, guardian, options)
    killAtExit(program)
    try {
      await program.#waitUntilListening()
      return program
    } catch (error) {
      await program.stop()
      throw error
    }
  }

  describeEnd(when = ''): string {
    const status = this.end ?? this.#leader
    return `${status ? describeExit(status) : 'ended'}${when}; ${this.#lastWords()}`
  }

  /**
   * Ends the program with everything that it started: SIGTERM, then SIGKILL. Never throws; what could not be ended is
   * in the report.
   */
  async stop(): Promise<StopReport> {
    const startedAt = performance.now()
    let by: StopReport['by'] = 'itself'
    if (this.#signalAll('SIGTERM')) {
      by = 'SIGTERM'
      const gone = await waitUntil(() => !this.tree.isAlive(), termPatience)
      if (!gone) {
        by = 'SIGKILL'
        // Again and again: what is being killed may still be starting others.
        await waitUntil(() => !this.#signalAll('SIGKILL'), killPatience)
      }
    }
    await withinLimit(this.ended, killPatience)
    await waitUntil(() => !readListeners().some(({ port }) => this.ports.includes(port)), killPatience)
    await Promise.all([this.stdout.close(), this.stderr.close()])
    this.#guardian.dismiss()
    spare(this)
    const leftBehind = this.tree.members().map(({ pid }) => `${commandLineOf(pid)} (pid ${pid})`)
    return { by, milliseconds: performance.now() - startedAt, leftBehind }
  }

  /** Kills everything at once, without waiting: for when this process itself ends. */
  killNow(): void {
    this.#signalAll('SIGKILL')
  }

  /** Returns whether there was anything left to signal. */
  #signalAll(signal: NodeJS.Signals): boolean {
    const members = this.tree.members()
    const group = members.some(member => member.group === this.pid) ? [-this.pid] : []
    // The group at one stroke first, so that nothing in it can start others in between; it gets nothing twice.
    for (const pid of [...group, ...members.filter(member => member.group !== this.pid).map(member => member.pid)]) {
      try {
        process.kill(pid, signal)
      } catch {
        // It ended in between, or belongs to another user; the report tells.
      }
    }
    return members.length > 0
  }

  async #waitUntilListening(): Promise<void> {
    const { hosts, ports, startTimeout } = this.#options
    const patience = new Patience(startTimeout)
    for (;;) {
      // Looked up, not tried: a connection that says nothing and leaves is already a test.
      const listeners = readListeners()
      const host = hosts.find(candidate => ports.every(port => isListening(candidate, port, listeners)))
      if (host !== undefined) {
        this.host = host
        break
      }
      if (this.#hasEnded()) {
        await this.ended
        throw this.#startFailure(this.describeEnd())
      }
      if (patience.isExhausted()) {
        const seconds = (startTimeout / 1000).toLocaleString('en')
        throw this.#startFailure(`did not listen on ${this.#missingPorts()} within ${seconds} s`, { timedOut: true })
      }
      await sleep(lookEvery)
    }
    this.#listening = true
    this.startedIn = performance.now() - this.#startedAt
  }

  #lastWords(): string {
    const said = findErrorLine(this.stderr.lastLines(Number.POSITIVE_INFINITY))
    if (said === undefined) return 'it wrote nothing to stderr'
    return said.isLast ? `last line on stderr: ${said.line}` : `on stderr: ${said.line}`
  }

  #missingPorts(): string {
    const { hosts, ports } = this.#options
    const [host = ''] = hosts
    const missing = ports.filter(port => !hosts.some(candidate => isListening(candidate, port)))
    const noun = missing.length === 1 ? 'port' : 'ports'
    return missing.length > 0
      ? `${noun} ${missing.join(', ')} of ${host}`
      : `all of the ports ${ports.join(', ')} at one and the same address`
  }

  #startFailure(what: string, evidence: Evidence = {}): Blame {
    return new Blame('start', `the program ${what}`, {
      ...evidence,
      command: this.#options.command,
      workingDirectory: this.#options.workingDirectory,
      stdout: this.stdout.lastLines(32),
      stderr: this.stderr.lastLines(32),
    })
  }

  /** A program lives as long as its first process; one in the background, as long as any. */
  #hasEnded(): boolean {
    return this.#leader !== undefined && !(this.#inBackground && this.tree.isAlive())
  }

  async #watchForEnd(): Promise<ProgramEnd> {
    const status = await this.#exit
    while (!this.#hasEnded()) await sleep(watchEvery)
    const at = performance.now()
    // Its last words may still be in the pipe, which a process that it left behind may hold open.
    await withinLimit(Promise.all([this.stdout.drained(), this.stderr.drained()]), lastWordsPatience)
    this.end = { ...status, at }
    return this.end
  }
}
