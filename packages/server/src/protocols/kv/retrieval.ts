import { textOf } from '../ascii.js'
import type { Output } from '../protocol.js'
import type { RetrieveCommand } from './command.js'
import type { ItemCommands } from './item-commands.js'

const lineEnd = Buffer.from('\r\n')
const listEnd = Buffer.from('END\r\n')

/** The answer to a `get`, item by item, so that many large ones never stand in memory together. */
export class Retrieval {
  readonly #command: RetrieveCommand
  #next = 0

  constructor(command: RetrieveCommand) {
    this.#command = command
  }

  /** Writes as many items as the output takes. Returns whether that was the end. */
  proceed(commands: ItemCommands, output: Output): boolean {
    const { keys, withCas, touch } = this.#command
    while (this.#next < keys.length) {
      if (!output.ready) return false
      const key = keys[this.#next++] as Uint8Array
      const item = commands.retrieve(key, touch)
      if (item === undefined) continue
      const unique = withCas ? ` ${item.cas}` : ''
      output.write(Buffer.from(`VALUE ${textOf(key)} ${item.flags} ${item.value.length}${unique}\r\n`, 'latin1'))
      output.write(item.value)
      output.write(lineEnd)
    }
    output.write(listEnd)
    return true
  }
}
