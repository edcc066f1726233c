import { createInterface } from 'node:readline'
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

  /** Runs the generator from start to end. CPU time is that of what counts, as far as the generator tells them apart. */
  async drive(run: LoadRun, values: (result: LoadResult) => Record<string, number>): Promise<Measurement> {
    const watch = () => ({ cpuBefore: this.#server.cpuSeconds(), endWatch: watchDisturbance() })
    let { cpuBefore, endWatch } = watch()
    const { use, result } = await this.#run(run, () => {
      ;({ cpuBefore, endWatch } = watch())
    })
    const { cpuSeconds = use.cpuSeconds, ...counted } = result
    const own = { ...use, cpuSeconds }
    const other = { cpuSeconds: this.#server.cpuSeconds() - cpuBefore }
    const disturbance = endWatch(own.cpuSeconds + other.cpuSeconds)
    return { ...counted, values: values(result), own, other, disturbance, lateness: 0 }
  }

  /** `onBegin`: what counts begins, as far as is known by then. */
  async #run({ command, begins, result }: LoadRun, onBegin: () => void): Promise<{ use: Use; result: LoadResult }> {
    const measured = { ...command, program: this.#measureProgram, args: [command.program, ...command.args] }
    const program = new Program('the generator', measured, [1, 3])
    const timer = setTimeout(() => program.signal('SIGKILL'), timeLimit)
    try {
      program.child.stdin?.end()
      const stream = (fd: 1 | 3) => program.child.stdio[fd] as NodeJS.ReadableStream
      const use = text(stream(3))
      const lines: string[] = []
      for await (const line of createInterface({ input: stream(1) })) {
        lines.push(line)
        if (begins?.(line)) onBegin()
      }
      const code = await program.ended
      if (code !== 0) throw new Error(program.lastWords || `it ended with ${code}`)
      return { use: JSON.parse(await use) as Use, result: result(lines.join('\n')) }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Failure(this.#server.obituary ?? `the generator failed: ${why}`, exitCode.checkFailed, { cause: error })
    } finally {
      clearTimeout(timer)
      await program.stop()
    }
  }
}
