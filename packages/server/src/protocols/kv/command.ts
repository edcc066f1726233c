// The commands of memcached's text protocol, as its protocol.txt describes them. A key is a text with one character for
// each byte (ISO 8859-1).

/** How a value is stored. */
export type StoreMode = 'set' | 'add' | 'replace' | 'append' | 'prepend' | 'cas'

export interface StoreCommand {
  readonly kind: 'store'
  readonly mode: StoreMode
  readonly key: string
  /** 32 bits that belong to the client. */
  readonly flags: number
  /** As it was sent, see `expiry`. */
  readonly exptime: number
  /** Bytes of the value, which follows the line. */
  readonly length: number
  /** For `cas`: what the item must not have changed from. */
  readonly cas: number
  readonly noreply: boolean
}

export interface RetrieveCommand {
  readonly kind: 'retrieve'
  readonly keys: readonly string[]
  readonly withCas: boolean
  /** For `gat` and `gats`: the new exptime. */
  readonly touch: number | undefined
}

export interface CountCommand {
  readonly kind: 'count'
  readonly direction: 'incr' | 'decr'
  readonly key: string
  /** Below 2^64. */
  readonly delta: bigint
  readonly noreply: boolean
}

interface TouchCommand {
  readonly kind: 'touch'
  readonly key: string
  readonly exptime: number
  readonly noreply: boolean
}

export interface DeleteCommand {
  readonly kind: 'delete'
  readonly key: string
  readonly noreply: boolean
}

export interface FlushCommand {
  readonly kind: 'flush'
  /** Seconds from now, or a time: see `expiry`. */
  readonly delay: number
  readonly noreply: boolean
}

/** A command that changes the store; `gat` does as well, but for its answer it is one of the others. */
export type ChangeCommand = StoreCommand | CountCommand | TouchCommand | DeleteCommand | FlushCommand

/** A command that is answered by its own words alone. */
type PlainCommand =
  | { readonly kind: 'stats'; readonly argument: string | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'verbosity'; readonly noreply: boolean }
  | { readonly kind: 'quit' }

/** A line that is no command: the answer to it, without its end. */
export interface WrongCommand {
  readonly kind: 'wrong'
  readonly reply: string
  readonly noreply: boolean
}

export type Command = ChangeCommand | RetrieveCommand | PlainCommand | WrongCommand
