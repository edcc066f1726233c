import { closeSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { loadDescriptors } from 'reactor'

// Where it does not load, nothing but one process with engine `node` runs anyway.
const lockFile = await loadDescriptors().then(
  descriptors => descriptors.lockFile,
  () => undefined
)

/**
 * Lets one at a time, of all threads and processes, change a store or open it, by a lock on a file in its folder that
 * the kernel takes back from who is killed (flock(2)).
 *
 * LMDB itself keeps changes apart, but not from opening: `mdb_env_open` of lmdb 3.5 sets the number of the last
 * transaction, which all share, to what it has read a while before. A change that is committed in between would be
 * forgotten by the next one, though its client was told that it is stored.
 */
export class StoreGate {
  readonly #fd: number

  /** Creates the folder. Throws what node:fs does when that cannot be. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true })
    this.#fd = openSync(join(folder, 'gate'), 'a')
  }

  /** Runs an action while nobody else runs one. Not from inside another. */
  alone<T>(action: () => T): T {
    lockFile?.(this.#fd, 'exclusive')
    try {
      return action()
    } finally {
      lockFile?.(this.#fd, 'unlocked')
    }
  }

  close(): void {
    closeSync(this.#fd)
  }
}
