import { MessageChannel, type MessagePort, Worker, workerData } from 'node:worker_threads'
import { createLoop } from './create-loop.js'
import type { EngineName, Loop } from './loop.js'
import { loadWake, type Wake } from './wake.js'

/** From the starting thread to the loop's. */
type Downward<Command> = { kind: 'command'; command: Command } | { kind: 'stop' }

/** From the loop's thread to the starting one. */
type Upward<Event> = { kind: 'ready'; wakeToken: number } | { kind: 'event'; event: Event }

interface ThreadData {
  readonly engine: EngineName
  readonly port: MessagePort
  readonly data: unknown
}

export interface LoopThreadOptions<Data, Event> {
  /** The module that calls `serveLoopThread`. */
  module: URL
  engine: EngineName
  /** Handed to the module; must survive structured cloning. */
  data: Data
  onEvent(event: Event): void
  /** The thread has ended; with an error when a callback threw, which is a fault of ours. */
  onEnd(error: Error | undefined): void
}

const running = new Set<LoopThread<never>>()

// A thread that sleeps in the kernel cannot be terminated from outside, and the process would wait for it for ever.
function stopAllAtExit(): void {
  for (const thread of running) thread.requestStop()
}

/** A loop in a worker thread of its own, so that the main thread stays free for signals and output. */
export class LoopThread<Command> {
  readonly #worker: Worker
  readonly #port: MessagePort
  readonly #wake: Wake
  readonly #ended: Promise<void>
  #wakeToken = -1

  private constructor(worker: Worker, port: MessagePort, wake: Wake, ended: Promise<void>) {
    this.#worker = worker
    this.#port = port
    this.#wake = wake
    this.#ended = ended
  }

  /** Resolves when the thread's loop exists; rejects when the module failed before that. */
  static async start<Data, Command, Event>(options: LoopThreadOptions<Data, Event>): Promise<LoopThread<Command>> {
    const wake = await loadWake(options.engine)
    const { port1, port2 } = new MessageChannel()
    const data: ThreadData = { engine: options.engine, port: port2, data: options.data }
    const worker = new Worker(options.module, { workerData: data, transferList: [port2] })
    const ending = Promise.withResolvers<void>()
    const ready = Promise.withResolvers<number>()
    const thread = new LoopThread<Command>(worker, port1, wake, ending.promise)
    if (running.size === 0) process.once('exit', stopAllAtExit)
    running.add(thread as LoopThread<never>)

    port1.on('message', (message: Upward<Event>) => {
      if (message.kind === 'ready') ready.resolve(message.wakeToken)
      else options.onEvent(message.event)
    })
    let failure: Error | undefined
    worker.on('error', error => {
      failure = error instanceof Error ? error : new Error(String(error))
    })
    worker.on('exit', () => {
      running.delete(thread as LoopThread<never>)
      if (running.size === 0) process.removeListener('exit', stopAllAtExit)
      // Its last words may still be queued.
      setImmediate(() => {
        port1.close()
        ready.reject(failure ?? new Error('the loop thread ended before it was ready'))
        ending.resolve()
        options.onEnd(failure)
      })
    })
    thread.#wakeToken = await ready.promise
    return thread
  }

  /** Sends a command to the loop's thread. */
  post(command: Command): void {
    this.#send({ kind: 'command', command })
  }

  /** Asks the loop to stop after its present turn, without waiting. */
  requestStop(): void {
    this.#send({ kind: 'stop' })
  }

  /** Asks the loop to stop, and waits until the thread has ended. */
  async stop(): Promise<void> {
    this.requestStop()
    await this.#ended
  }

  #send(message: Downward<Command>): void {
    this.#port.postMessage(message)
    if (this.#worker.threadId !== -1) this.#wake(this.#wakeToken)
  }
}

/** Called once by the module of a loop thread: sets up with the loop, and returns what takes the commands. */
export type LoopThreadSetup<Data, Command, Event> = (
  loop: Loop,
  data: Data,
  emit: (event: Event) => void
) => ((command: Command) => void) | Promise<(command: Command) => void>

/** Runs a loop in this worker thread until the starter stops it. */
export async function serveLoopThread<Data, Command, Event>(
  setup: LoopThreadSetup<Data, Command, Event>
): Promise<void> {
  const { engine, port, data } = workerData as ThreadData
  const loop = await createLoop(engine)
  const send = (message: Upward<Event>) => port.postMessage(message)
  const onCommand = await setup(loop, data as Data, event => send({ kind: 'event', event }))
  loop.receive(port, message => {
    const downward = message as Downward<Command>
    if (downward.kind === 'stop') loop.stop()
    else onCommand(downward.command)
  })
  send({ kind: 'ready', wakeToken: loop.wakeToken })
  await loop.run()
  port.close()
}
