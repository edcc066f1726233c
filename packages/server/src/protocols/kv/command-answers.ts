import type { Command, RetrieveCommand, StoreCommand } from './command.js'
import { StoreFull } from './item-store.js'
import { generalStats, settingsStats, version } from './kv-stats.js'
import type { KvTools } from './kv-worker.js'

/** The commands that are answered by one line, or a few that fit into a text. */
export type AnsweredCommand = Exclude<Command, RetrieveCommand | StoreCommand | { kind: 'quit' }>

/** Carries commands out and says what came of it, as the lines of an answer without the last one's end. */
export class CommandAnswers {
  readonly #worker: KvTools
  /** The store could not be written the last time. */
  #failing = false

  constructor(worker: KvTools) {
    this.#worker = worker
  }

  store(command: StoreCommand, value: Uint8Array): string {
    return this.#counted(this.#attempt(() => this.#worker.commands.store(command, value)))
  }

  answer(command: AnsweredCommand): string {
    return this.#counted(this.#attempt(() => this.#execute(command)))
  }

  #execute(command: AnsweredCommand): string {
    const { commands } = this.#worker
    switch (command.kind) {
      case 'count':
        return commands.count(command)
      case 'touch':
        return commands.touch(command)
      case 'delete':
        return commands.delete(command)
      case 'flush':
        return commands.flush(command)
      case 'stats':
        return this.#stats(command.argument)
      case 'version':
        return `VERSION ${version}`
      case 'verbosity':
        return 'OK'
      case 'wrong':
        return command.reply
    }
  }

  #stats(argument: string | undefined): string {
    switch (argument) {
      case undefined:
        return generalStats(this.#worker)
      case 'settings':
        return settingsStats(this.#worker)
      case 'reset':
        return 'CLIENT_ERROR the counters of all workers cannot be reset'
      // There are no slabs here to tell about.
      case 'items':
      case 'slabs':
      case 'sizes':
        return 'END'
      default:
        return 'ERROR'
    }
  }

  /** Tries a change, and once more when the store was full and items that have ended made room. */
  #attempt(action: () => string): string {
    try {
      const answer = this.#orWithRoom(action)
      this.#failing = false
      return answer
    } catch (error) {
      const reason = (error as Error).message.replaceAll(/\s+/g, ' ')
      if (!this.#failing) this.#worker.context.log.warn(`the store cannot be written: ${reason}`)
      this.#failing = true
      return error instanceof StoreFull ? 'SERVER_ERROR out of memory storing object' : `SERVER_ERROR ${reason}`
    }
  }

  #orWithRoom(action: () => string): string {
    try {
      return action()
    } catch (error) {
      if (!(error instanceof StoreFull) || this.#worker.store.sweep() === 0) throw error
      return action()
    }
  }

  #counted(answer: string): string {
    const { refused, requests } = this.#worker
    if (answer.startsWith('CLIENT_ERROR') || answer === 'ERROR') refused.add()
    else requests.add()
    return answer
  }
}
