import type { Output } from '../protocol.js'
import type { Change } from './change-group.js'
import type { ChangeCommand } from './command.js'
import type { KvWorker } from './kv-worker.js'
import { Retrieval } from './retrieval.js'

/** What is to be said: what came of a change, what a retrieval finds, or something that is known already. */
type Step = Change | Retrieval | (() => void)

/** Of a client that sends more at once the rest is looked at when the others had their turn. */
const mostSteps = 64

/** Answers that are given often, as they are sent. */
const frequent = new Map(
  ['STORED', 'NOT_STORED', 'EXISTS', 'NOT_FOUND', 'DELETED', 'TOUCHED', 'OK'].map(text => [text, lineOf(text)])
)

/**
 * What a client has asked for and is not answered yet, in its order. It is answered at the end of the turn. A change
 * joins the worker's group at once, but for one that follows a retrieval, which must not see it: that one joins when the
 * retrieval has come to its end.
 */
export class AnswerLine {
  readonly #worker: KvWorker
  #steps: Step[] = []
  /** The first step that is not done. */
  #next = 0
  /** Something in it has to be done before another change may join: a retrieval, or a change that found no room. */
  #holding = false
  /** The last change that has joined the group. */
  #joined: Change | undefined
  /** The end of the turn is being waited for. */
  #waiting = false

  constructor(worker: KvWorker) {
    this.#worker = worker
  }

  /** Whether there is enough for one turn. */
  get full(): boolean {
    return this.#steps.length - this.#next >= mostSteps || this.#worker.changes.full
  }

  /** Waits for the end of the turn, unless it does so already. */
  putOff(output: Output): void {
    if (this.#waiting) return
    this.#waiting = true
    this.#worker.reads.announce()
    output.atTurnEnd(() => this.#onTurnEnd(output))
  }

  /** `value` is memory of its own. */
  addChange(command: ChangeCommand, value: Uint8Array, output: Output): void {
    const change: Change = { command, value, answer: undefined }
    if (!this.#holding) this.#join(change)
    this.#add(change, output)
  }

  addRetrieval(retrieval: Retrieval, output: Output): void {
    this.#holding = true
    this.#add(retrieval, output)
  }

  /** An answer that is made when everything before it is answered, without the end of its last line. */
  addAnswer(answer: () => string, noreply: boolean, output: Output): void {
    this.#add(() => this.#tell(answer(), noreply, output), output)
  }

  /** Something else to do when everything before it is answered. */
  add(step: () => void, output: Output): void {
    this.#add(step, output)
  }

  /** Goes on with an answer that was interrupted. */
  resume(output: Output): void {
    this.#proceed(output)
    this.#worker.store.release()
  }

  /** The client has gone. What it has asked to change, and what is complete, is changed all the same. */
  dispose(): void {
    const step = this.#steps[this.#next]
    if (step instanceof Retrieval) step.dispose()
    this.#steps = []
    this.#next = 0
  }

  #add(step: Step, output: Output): void {
    this.#steps.push(step)
    this.putOff(output)
  }

  #join(change: Change): void {
    this.#joined = change
    this.#worker.changes.add(change)
  }

  #onTurnEnd(output: Output): void {
    const { changes, reads } = this.#worker
    this.#waiting = false
    // Whoever comes first commits the changes of all.
    if (this.#joined !== undefined && this.#joined.answer === undefined) changes.commit()
    this.#joined = undefined
    reads.begin()
    this.#proceed(output)
    reads.end()
  }

  #proceed(output: Output): void {
    while (this.#next < this.#steps.length) {
      if (!output.ready) return
      if (!this.#take(this.#steps[this.#next] as Step, output)) return
      this.#next++
    }
    this.#steps.length = 0
    this.#next = 0
    this.#holding = false
  }

  /** Returns whether the step is done. */
  #take(step: Step, output: Output): boolean {
    if (typeof step === 'function') step()
    else if (step instanceof Retrieval) return this.#retrieve(step, output)
    else if (step.answer === undefined) return this.#joinNext(output)
    else this.#tell(step.answer, step.command.noreply, output)
    return true
  }

  /** The next changes, whose turn has come, join the group, and are answered when the next turn ends. */
  #joinNext(output: Output): boolean {
    this.#holding = false
    for (let at = this.#next; at < this.#steps.length && !this.#holding; at++) {
      const step = this.#steps[at]
      if (step instanceof Retrieval || this.#worker.changes.full) this.#holding = true
      else if (typeof step === 'object') this.#join(step)
    }
    this.putOff(output)
    return false
  }

  #retrieve(retrieval: Retrieval, output: Output): boolean {
    try {
      if (!retrieval.proceed(output)) return false
    } catch (error) {
      retrieval.dispose()
      // Half of an answer cannot be followed by an error.
      output.abort(`the store cannot be read: ${(error as Error).message}`)
    }
    this.#worker.requests.add()
    return true
  }

  #tell(answer: string, noreply: boolean, output: Output): void {
    const { refused, requests } = this.#worker
    if (answer.startsWith('CLIENT_ERROR') || answer === 'ERROR') refused.add()
    else requests.add()
    if (!noreply) output.write(frequent.get(answer) ?? lineOf(answer))
  }
}

function lineOf(text: string): Buffer {
  return Buffer.from(`${text}\r\n`, 'latin1')
}
