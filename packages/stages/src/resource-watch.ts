import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { Monitor, memoryBytes, type Sample } from 'monitor'
import { seconds } from './format.js'
import type { Program } from './program/program.js'
import type { CpuSpan } from './rules/cpu-rule.js'
import { lazyCollectors } from './rules/memory-rule.js'
import { readThreadTimes } from './thread-times.js'
import { Doubt } from './verdict.js'

type ThreadTimes = ReadonlyMap<number, number>

/**
 * Milliseconds between samples: short against the parts that the rule for CPU judges, long against the kernel's clock
 * tick of 10 ms. Tests that need more of them take their own.
 */
const interval = 200

/** A process that uses at least this share of the whole program's CPU time is named. */
const busyShare = 0.5

/** CPU, memory and descriptors of a program, of all its processes together. */
export class ResourceWatch {
  /** The memory of this machine in bytes. */
  readonly systemMemory = totalmem()
  readonly #program: Program
  readonly #monitor: Monitor | undefined
  /** One for each sample. */
  readonly #threads: readonly ThreadTimes[]

  /** Over the first `#seen` samples. */
  #peak = 0
  #seen = 0

  private constructor(program: Program, monitor: Monitor | undefined, threads: readonly ThreadTimes[]) {
    this.#program = program
    this.#monitor = monitor
    this.#threads = threads
  }

  /**
   * Begins to sample. Throws a Doubt when nothing can be sampled; of a program without a pid, only whoever asks for a
   * sample gets it.
   */
  static async start(program: Program): Promise<ResourceWatch> {
    const { pid, tree } = program
    if (pid === undefined || tree === undefined) return new ResourceWatch(program, undefined, [])
    // Parentage alone would miss a process that went into the background.
    const members = () => tree.members().map(member => member.pid)
    const threads: ThreadTimes[] = []
    const onSample = ({ processes }: Sample) => void threads.push(readThreadTimes(processes.map(({ pid }) => pid)))
    try {
      const monitor = await Monitor.start(pid, { interval, members, onSample })
      return new ResourceWatch(program, monitor, threads)
    } catch (error) {
      throw new Doubt(`the program could not be watched: ${(error as Error).message}`)
    }
  }

  get samples(): readonly Sample[] {
    return this.#monitor?.samples ?? []
  }

  /** Memory in bytes at the last sample, and the highest until then. */
  get memory(): { readonly now: number; readonly peak: number } {
    const now = memoryOf(this.samples.at(-1))
    for (; this.#seen < this.samples.length; this.#seen++) {
      this.#peak = Math.max(this.#peak, memoryOf(this.samples[this.#seen]))
    }
    return { now, peak: this.#peak }
  }

  /** True when a process of the program runs on a runtime that lets garbage lie for long. */
  get collectsLazily(): boolean {
    return (this.samples.at(-1)?.processes ?? []).some(({ pid }) => lazyCollectors.test(mapsOf(pid)))
  }

  /** Takes a sample now and returns its number, from which on others can be asked for. */
  async mark(): Promise<number> {
    await this.sampleNow()
    return this.samples.length - 1
  }

  async sampleNow(): Promise<Sample> {
    if (!this.#monitor)
      throw new Doubt('CPU time and memory cannot be seen without the pid of the running program: give it with --pid')
    return await this.#monitor.sampleNow()
  }

  /** Open descriptors at this moment; undefined where they may not be looked at. */
  async countDescriptors(): Promise<number | undefined> {
    return this.#monitor && (await this.sampleNow()).descriptors
  }

  /** The CPU time used between the samples from number `mark` on, the last one taken now. */
  async spansSince(mark: number): Promise<CpuSpan[]> {
    await this.sampleNow()
    const samples = this.samples.slice(mark)
    return samples.slice(1).map((sample, index) => {
      const before = samples[index] as Sample
      return {
        from: before.atMilliseconds,
        to: sample.atMilliseconds,
        cpu: (sample.cpuSeconds - before.cpuSeconds) * 1000,
        threads: difference(this.#threads[mark + index + 1], this.#threads[mark + index]),
      }
    })
  }

  /** For a sentence, which process used most CPU time since a mark: ` (in a child process, node, pid 4242)`. */
  describeBusiest(mark: number): string {
    const used = new Map<number, { name: string; cpu: number }>()
    const samples = this.samples.slice(mark)
    for (const [index, sample] of samples.slice(1).entries()) {
      const elapsed = sample.atMilliseconds - (samples[index]?.atMilliseconds ?? 0)
      for (const { pid, name, cpuPercent } of sample.processes) {
        used.set(pid, { name, cpu: (used.get(pid)?.cpu ?? 0) + cpuPercent * elapsed })
      }
    }
    const total = [...used.values()].reduce((sum, { cpu }) => sum + cpu, 0)
    const [busiest] = [...used].sort(([, a], [, b]) => b.cpu - a.cpu)
    if (!busiest || busiest[0] === this.#program.pid || busiest[1].cpu < busyShare * total) return ''
    return ` (in a child process, ${printable(busiest[1].name)}, pid ${busiest[0]})`
  }

  /** A Doubt when the samples do not cover the test although the program lives. */
  doubt(): Doubt | undefined {
    const last = this.samples.at(-1)
    if (this.#program.end || !this.#monitor?.ended) return undefined
    return new Doubt(`the program could no longer be watched ${seconds(last?.atMilliseconds ?? 0)} after the start`)
  }

  async stop(): Promise<void> {
    await this.#monitor?.stop()
  }
}

/** Of the threads that there were at both times. */
function difference(now: ThreadTimes = new Map(), before: ThreadTimes = new Map()): ThreadTimes {
  return new Map(
    [...now].flatMap(([thread, time]) => {
      const earlier = before.get(thread)
      return earlier === undefined ? [] : [[thread, Math.max(0, time - earlier)] as const]
    })
  )
}

function memoryOf(sample: Sample | undefined): number {
  return sample === undefined ? 0 : memoryBytes(sample)
}

/** A process may call itself anything (prctl(2), PR_SET_NAME). */
function printable(name: string): string {
  return name.replace(/\p{C}/gu, '?')
}

/** The mapped files of a process among other things (proc_pid_maps(5)); empty where they may not be looked at. */
function mapsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8')
  } catch {
    return ''
  }
}
