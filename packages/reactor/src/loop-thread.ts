import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker, workerData } from 'node:worker_threads'
import { createLoop, type LoopOptions } from './create-loop.js'
import type { EngineName, Loop } from './loop.js'
import { openWaker, type Waker } from './waker.js'

/** From the starting thread to the loop's. */
type Downward<Command> = { kind: 'command'; command: Command } | { kind: 'stop' }

/** From the loop's thread to the starting one. */
type Upward<Event> = { kind: 'ready' } | { kind: 'event'; event: Event }

interface ThreadData {
  readonly engine: EngineName
  readonly port: MessagePort
  readonly wakeToken: number
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

function remember(thread: LoopThread<never>): void {
  if (running.size === 0) process.once('exit', stopAllAtExit)
  running.add(thread)
}

function forget(thread: LoopThread<never>): void {
  running.delete(thread)
  if (running.size === 0) process.removeListener('exit', stopAllAtExit)
}

/** A loop in a worker thread of its own, so that the main thread stays free for signals and output. */
export class LoopThread<Command> {
  readonly #port: MessagePort
  readonly #waker: Waker
  readonly #ended: Promise<void>

  private constructor(port: MessagePort, waker: Waker, ended: Promise<void>) {
    this.#port = port
    this.#waker = waker
    this.#ended = ended
  }

  /** Resolves when the thread's loop exists; rejects when the module failed before that. */
  static async start<Data, Command, Event>(options: LoopThreadOptions<Data, Event>): Promise<LoopThread<Command>> {
    const waker = await openWaker(options.engine)
    const { port1, port2 } = new MessageChannel()
    const data: ThreadData = { engine: options.engine, port: port2, wakeToken: waker.token, data: options.data }
    const worker = new Worker(options.module, { workerData: data, transferList: [port2] })
    let failure: Error | undefined
    worker.on('error', error => {
      failure = error instanceof Error ? error : new Error(String(error))
    })
    const ended = new Promise<void>(resolve => worker.on('exit', () => resolve()))
    const thread = new LoopThread<Command>(port1, waker, ended)
    remember(thread)
    return new Promise((resolve, reject) => {
      let ready = false
      const take = (message: Upward<Event>) => {
        if (message.kind === 'event') {
          options.onEvent(message.event)
          return
        }
        ready = true
        resolve(thread)
      }
      port1.on('message', take)
      worker.on('exit', () => {
        // Its last words may still be queued.
        for (let last = receiveMessageOnPort(port1); last !== undefined; last = receiveMessageOnPort(port1)) {
          take(last.message)
        }
        forget(thread)
        port1.close()
        waker.close()
        if (ready) options.onEnd(failure)
        else reject(failure ?? new Error('the loop thread ended before it was ready'))
      })
    })
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
    this.#waker.wake()
  }
}

/** Called once by the module of a loop thread: sets up with the loop, and returns what takes the commands. */
export type LoopThreadSetup<Data, Command, Event> = (
  loop: Loop,
  data: Data,
  emit: (event: Event) => void
) => ((command: Command) => void) | Promise<(command: Command) => void>

export interface LoopThreadServing<Data> extends Omit<LoopOptions, 'wakeToken'> {
  /** Makes the loop, where it is not one of the engine's. It wakes at `wakeToken`, which stays the starter's. */
  createLoop?(data: Data, wakeToken: number): Promise<Loop>
}

/** Runs a loop in this worker thread until the starter stops it. */
export async function serveLoopThread<Data, Command, Event>(
  setup: LoopThreadSetup<Data, Command, Event>,
  { createLoop: createOwnLoop, ...options }: LoopThreadServing<Data> = {}
): Promise<void> {
  const { engine, port, wakeToken, data } = workerData as ThreadData
  const loop = await (createOwnLoop?.(data as Data, wakeToken) ?? createLoop(engine, { ...options, wakeToken }))
  const send = (message: Upward<Event>) => port.postMessage(message)
  const onCommand = await setup(loop, data as Data, event => send({ kind: 'event', event }))
  loop.receive(port, message => {
    const downward = message as Downward<Command>
    if (downward.kind === 'stop') loop.stop()
    else onCommand(downward.command)
  })
  send({ kind: 'ready' })
  await loop.run()
  port.close()
}
