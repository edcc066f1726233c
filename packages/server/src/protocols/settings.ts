/** What each protocol is told at its start. Survives structured cloning and JSON: it goes to threads and processes. */
export type ProtocolSettings = EchoSettings | ReverseSettings | AckSettings | JournalSettings | KvSettings

export type ProtocolName = ProtocolSettings['name']

export const protocolNames = ['echo', 'reverse', 'ack', 'journal', 'kv'] as const satisfies readonly ProtocolName[]

/** Where a protocol is to be found, unless asked otherwise. */
export const defaultPorts: Readonly<Record<ProtocolName, readonly number[]>> = {
  echo: [8001, 8002, 8003, 8004],
  reverse: [8001, 8002, 8003, 8004],
  ack: [3000],
  journal: [31337],
  kv: [60000],
}

/** Whether there are messages that a client can begin and not complete. */
export function hasMessages(protocol: ProtocolSettings): boolean {
  return protocol.name !== 'echo' && !(protocol.name === 'reverse' && protocol.unit === 'chunk')
}

interface EchoSettings {
  readonly name: 'echo'
}

export interface ReverseSettings {
  readonly name: 'reverse'
  /** What is reversed: each line, whose newline stays last, or whatever came together. */
  readonly unit: 'line' | 'chunk'
  /** Whether the message `exit` stops the server. */
  readonly allowExit: boolean
}

interface AckSettings {
  readonly name: 'ack'
}

export interface JournalSettings {
  readonly name: 'journal'
  /** Who may write; one character for each byte of a name. */
  readonly users: readonly string[]
  /** Path of the file that is appended to. */
  readonly file: string
}

export interface KvSettings {
  readonly name: 'kv'
  /** Path of the folder of the store. */
  readonly store: string
  /** What the items may take together, in bytes. */
  readonly storeSize: number
  /** The largest value, in bytes. */
  readonly maxValue: number
  /** Whether each change is flushed to the disk before it is answered. */
  readonly sync: boolean
}
