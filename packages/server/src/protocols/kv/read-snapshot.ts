import type { Database, RootDatabase, Transaction } from 'lmdb'
import * as lmdb from 'lmdb'

/** What the library has and does not declare. */
interface ReadTransaction extends Transaction {
  /** Of the native object. */
  readonly address: number
}
interface Readable {
  getBinaryFast(key: string, options: { readonly transaction: Transaction }): Uint8Array | undefined
}
interface NativeAddon {
  /** Gives a transaction's snapshot up; the next read through it takes the newest (`mdb_txn_reset`). */
  resetTxn(address: number): void
}

const { nativeAddon } = lmdb as unknown as { readonly nativeAddon: NativeAddon }

/**
 * The snapshot that reads see. The library would renew its own by a timer after each turn of Node's event loop, which
 * does not turn in a thread with a loop of ours: reads would see an old state for ever, the pages of that state could
 * never be used again, and a timer would be left behind by each write.
 */
export class ReadSnapshot {
  readonly #transaction: ReadTransaction
  readonly #options: { readonly transaction: Transaction }
  /** Something may have been read since it was given up. */
  #taken = true

  constructor(database: RootDatabase) {
    this.#transaction = database.useReadTransaction() as ReadTransaction
    this.#options = { transaction: this.#transaction }
    this.reset()
  }

  /**
   * The bytes of a key, in memory that the next read or write may use again. Inside a write transaction they are those
   * that it sees.
   */
  read(database: Database<Buffer, string>, key: string): Buffer | undefined {
    this.#taken = true
    const bytes = (database as unknown as Readable).getBinaryFast(key, this.#options)
    // What is too large for its own memory the library gives as a plain view of the file's.
    if (bytes === undefined || Buffer.isBuffer(bytes)) return bytes
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  /** Gives the snapshot up: reads after it see everything that has been committed by anybody. */
  reset(): void {
    if (!this.#taken) return
    this.#taken = false
    nativeAddon.resetTxn(this.#transaction.address)
  }

  close(): void {
    this.#transaction.done()
  }
}
