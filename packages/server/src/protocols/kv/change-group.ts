import type { WorkerContext } from '../protocol.js'
import type { ChangeCommand } from './command.js'
import type { ItemCommands } from './item-commands.js'
import { type ItemStore, StoreFull } from './item-store.js'

/** A change that a client has asked for. */
export interface Change {
  readonly command: ChangeCommand
  /** What is to be stored; memory of its own. */
  readonly value: Uint8Array
  /** Once it is committed, or lost: the answer, without the end of its line. */
  answer: string | undefined
}

/** What one transaction may hold, so that neither this worker nor those who wait to write stand still for long. */
const mostChanges = 1024
const mostBytes = 16 * 1024 ** 2

/**
 * The changes that came to a worker in one turn, from whatever client: they are one transaction of the store, and none is
 * answered before it is committed. What is lost with a transaction that fails is tried again change by change, so that
 * one which cannot be stored takes no other with it.
 */
export class ChangeGroup {
  readonly #store: ItemStore
  readonly #commands: ItemCommands
  readonly #log: WorkerContext['log']
  #changes: Change[] = []
  /** Of their values. */
  #bytes = 0
  /** The store could not be written the last time. */
  #failing = false

  constructor(store: ItemStore, commands: ItemCommands, { log }: WorkerContext) {
    this.#store = store
    this.#commands = commands
    this.#log = log
  }

  /** Whether what comes now had better wait for the next turn. */
  get full(): boolean {
    return this.#changes.length >= mostChanges || this.#bytes >= mostBytes
  }

  add(change: Change): void {
    this.#changes.push(change)
    this.#bytes += change.value.length
  }

  /** Carries out what has been added, in this order, and commits it: all of it is answered then. */
  commit(): void {
    if (this.#changes.length === 0) return
    const changes = this.#changes
    this.#changes = []
    this.#bytes = 0
    const error = this.#attempt(changes)
    if (error === undefined) return
    for (const change of changes) {
      const own = changes.length === 1 ? error : this.#attempt([change])
      if (own !== undefined) change.answer = this.#failure(own)
    }
  }

  /** Returns what has made it fail; nothing of it is stored then. */
  #attempt(changes: readonly Change[]): Error | undefined {
    let full = false
    try {
      this.#store.change(() => {
        for (const change of changes) {
          // Of what does not fit nothing has been changed, and the others go on.
          const outcome = this.#execute(change)
          full ||= outcome instanceof StoreFull
          change.answer = outcome instanceof StoreFull ? this.#failure(outcome) : outcome
        }
      })
      this.#commands.countAll()
      this.#failing = full
      return undefined
    } catch (error) {
      this.#commands.countNothing()
      return error as Error
    }
  }

  /** Tries a change, and once more when the store was full and items that have ended made room. */
  #execute({ command, value }: Change): string | StoreFull {
    const outcome = this.#commands.change(command, value)
    if (!(outcome instanceof StoreFull) || this.#store.sweep() === 0) return outcome
    return this.#commands.change(command, value)
  }

  #failure(error: Error): string {
    const reason = error.message.replaceAll(/\s+/g, ' ')
    if (!this.#failing) this.#log.warn(`the store cannot be written: ${reason}`)
    this.#failing = true
    return error instanceof StoreFull ? 'SERVER_ERROR out of memory storing object' : `SERVER_ERROR ${reason}`
  }
}
