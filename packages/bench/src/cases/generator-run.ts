import { text } from 'node:stream/consumers'
import { exitCode, Failure } from 'command-line'
import type { Scale } from '../case.js'
import type { LoadLaunch, LoadResult, LoadRun } from '../contenders/contender.js'
import { watchDisturbance } from '../machine/disturbance.js'
import type { Measurement, Use } from '../measurement.js'
import { Program } from '../program.js'
import type { RunningServer } from '../running-server.js'

/** No generator takes longer, in milliseconds, unless it hangs. */
const timeLimit = 180_000

/** One generator against a server that was started afresh, for one measurement. */
export class GeneratorRun {
  readonly scale: Scale
  readonly launch: LoadLaunch
  readonly #server: RunningServer
  readonly #measureProgram: string

  constructor(launch: LoadLaunch, server: RunningServer, scale: Scale, measureProgram: string) {
    this.scale = scale
    this.launch = launch
    this.#server = server
    this.#measureProgram = measureProgram
  }

  get port(): number {
    return this.#server.port
  }

  /** Runs the generator from start to end. CPU time is that of its whole life, starting included. */
  async drive(run: LoadRun, values: (result: LoadResult) => Record<string, number>): Promise<Measurement> {
    const endWatch = watchDisturbance()
    const cpuBefore = this.#server.cpuSeconds()
    const { own, result } = await this.#run(run)
    const other = { cpuSeconds: this.#server.cpuSeconds() - cpuBefore }
    const disturbance = endWatch(own.cpuSeconds + other.cpuSeconds)
    return { ...result, values: values(result), own, other, disturbance, lateness: 0 }
  }

  async #run({ command, result }: LoadRun): Promise<{ own: Use; result: LoadResult }> {
    const measured = { ...command, program: this.#measureProgram, args: [command.program, ...command.args] }
    const program = new Program('the generator', measured, [1, 3])
    const timer = setTimeout(() => program.signal('SIGKILL'), timeLimit)
    try {
      program.child.stdin?.end()
      const [output, use] = await Promise.all([1, 3].map(fd => text(program.child.stdio[fd] as NodeJS.ReadableStream)))
      const code = await program.ended
      if (code !== 0) throw new Error(program.lastWords || `it ended with ${code}`)
      return { own: JSON.parse(use ?? '') as Use, result: result(output ?? '') }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Failure(this.#server.obituary ?? `the generator failed: ${why}`, exitCode.checkFailed, { cause: error })
    } finally {
      clearTimeout(timer)
      await program.stop()
    }
  }
}
