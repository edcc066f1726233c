import type { Output } from '../protocol.js'
import type { RetrieveCommand } from './command.js'
import type { Item } from './item-record.js'
import type { KvTools } from './kv-worker.js'
import type { SharedValue } from './shared-values.js'

const lineEnd = Buffer.from('\r\n')
const listEnd = Buffer.from('END\r\n')

/** A value up to this size is written at once; a larger one in parts of it. Bytes. */
const partSize = 256 * 1024

/** A large value on its way, and how much of it is written. */
interface Transfer {
  readonly value: SharedValue
  written: number
}

/** The answer to a `get`, item by item and part by part, as fast as the client reads. */
export class Retrieval {
  readonly #command: RetrieveCommand
  readonly #tools: KvTools
  #next = 0
  #transfer: Transfer | undefined

  constructor(command: RetrieveCommand, tools: KvTools) {
    this.#command = command
    this.#tools = tools
  }

  /** Writes as much as the output takes. Returns whether that was the end. */
  proceed(output: Output): boolean {
    const { keys, touch } = this.#command
    if (this.#transfer !== undefined && !this.#continue(this.#transfer, output)) return false
    while (this.#next < keys.length) {
      if (!output.ready) return false
      const key = keys[this.#next++] as string
      const item = this.#tools.commands.retrieve(key, touch)
      if (item !== undefined && !this.#write(key, item, output)) return false
    }
    output.write(listEnd)
    return true
  }

  /** Gives up; the client has gone. */
  dispose(): void {
    this.#transfer?.value.release()
    this.#transfer = undefined
  }

  /** Returns whether the item is written. */
  #write(key: string, item: Item, output: Output): boolean {
    const unique = this.#command.withCas ? ` ${item.cas}` : ''
    output.write(Buffer.from(`VALUE ${key} ${item.flags} ${item.value.length}${unique}\r\n`, 'latin1'))
    if (item.value.length > partSize) {
      this.#transfer = { value: this.#tools.values.hold(key, item), written: 0 }
      return this.#continue(this.#transfer, output)
    }
    output.write(item.value)
    output.write(lineEnd)
    return true
  }

  #continue(transfer: Transfer, output: Output): boolean {
    const { bytes } = transfer.value
    while (transfer.written < bytes.length) {
      if (!output.ready) return false
      const end = Math.min(bytes.length, transfer.written + partSize)
      output.write(bytes.subarray(transfer.written, end))
      transfer.written = end
    }
    this.dispose()
    output.write(lineEnd)
    return true
  }
}
