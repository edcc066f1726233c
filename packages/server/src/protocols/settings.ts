/** What each protocol is told at its start. Survives structured cloning and JSON: it goes to threads and processes. */
export type ProtocolSettings = EchoSettings | ReverseSettings

export type ProtocolName = ProtocolSettings['name']

export interface EchoSettings {
  readonly name: 'echo'
}

export interface ReverseSettings {
  readonly name: 'reverse'
  /** What is reversed: each line, whose newline stays last, or whatever came together. */
  readonly unit: 'line' | 'chunk'
  /** Whether the message `exit` stops the server. */
  readonly allowExit: boolean
}
