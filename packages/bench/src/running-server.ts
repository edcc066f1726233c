import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCode, Failure } from 'command-line'
import type { Launch } from './contenders/contender.js'
import { freePort } from './free-port.js'
import { readTreeCpu, readTreeMemory, type TreeMemory } from './machine/process-tree.js'
import { type Command, Program } from './program.js'

/** How long a program may take until it listens, in milliseconds: a runtime that compiles at its start needs seconds. */
const startLimit = 15_000

/** A server that listens, with all programs that belong to it. */
export class RunningServer {
  readonly port: number
  readonly #programs: readonly Program[]

  private constructor(port: number, programs: readonly Program[]) {
    this.port = port
    this.#programs = programs
  }

  /** Starts a contender on a free port. Throws a `Failure` that quotes the program when it does not come to listen. */
  static async start(name: string, launch: Launch): Promise<RunningServer> {
    const port = await freePort()
    const programs: Program[] = []
    try {
      for (const { listensOn, ...command } of launch(port, await freePort())) {
        programs.push(await startListening(name, command, listensOn))
      }
    } catch (error) {
      await Promise.all(programs.map(program => program.stop()))
      throw error
    }
    return new RunningServer(port, programs)
  }

  /** CPU time so far, in seconds. */
  cpuSeconds(): number {
    return readTreeCpu(this.#roots)
  }

  memory(): TreeMemory {
    return readTreeMemory(this.#roots)
  }

  /** What became of it, when it has ended by itself: a server that fails explains the failure of its clients. */
  get obituary(): string | undefined {
    const program = this.#programs.find(({ hasEnded }) => hasEnded)
    return program && `the server ended${program.lastWords === '' ? '' : `: ${program.lastWords}`}`
  }

  async stop(): Promise<void> {
    await Promise.all(this.#programs.map(program => program.stop()))
  }

  get #roots(): number[] {
    return this.#programs.map(({ pid }) => pid)
  }
}

/** Starts one program and waits until it accepts connections. */
async function startListening(name: string, command: Command, port: number): Promise<Program> {
  const program = new Program(name, command)
  const deadline = performance.now() + startLimit
  while (!(await accepts(port))) {
    if (program.hasEnded || performance.now() > deadline) {
      await program.stop()
      const why = program.lastWords || (program.hasEnded ? 'it ended' : `it does not listen after ${startLimit} ms`)
      throw new Failure(`does not start: ${why}`, exitCode.checkFailed)
    }
    await sleep(10)
  }
  return program
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
