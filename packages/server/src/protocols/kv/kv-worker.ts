import type { Counter } from '../counters.js'
import type { WorkerContext } from '../protocol.js'
import type { Refusals } from '../refusals.js'
import type { ChangeGroup } from './change-group.js'
import type { ItemCommands } from './item-commands.js'
import type { ItemStore } from './item-store.js'
import type { SharedValues } from './shared-values.js'
import type { TurnReads } from './turn-reads.js'

/** What the commands of a worker work with. */
export interface KvTools {
  readonly context: WorkerContext
  readonly store: ItemStore
  readonly commands: ItemCommands
  readonly values: SharedValues
  readonly refusals: Refusals
  readonly requests: Counter
  readonly refused: Counter
  readonly tooLong: Counter
  /** Bytes. */
  readonly maxValue: number
  /** What the items may take together, in bytes. */
  readonly storeSize: number
  /** When the worker began, in milliseconds since 1970. */
  readonly started: number
}

/** What the connections of a worker share. */
export interface KvWorker extends KvTools {
  readonly changes: ChangeGroup
  readonly reads: TurnReads
}
