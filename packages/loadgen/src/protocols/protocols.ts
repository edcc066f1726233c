import { ack } from './ack.js'
import { echo } from './echo.js'
import { journal } from './journal.js'
import type { MessageProtocol } from './message-protocol.js'
import { reverse } from './reverse.js'

const byName = { echo, reverse, ack, journal } as const satisfies Readonly<Record<string, MessageProtocol>>

export type ProtocolName = keyof typeof byName

export const protocolNames = Object.keys(byName) as readonly ProtocolName[]

/** The protocol of that name; undefined when there is none. */
export function protocolNamed(name: string): MessageProtocol | undefined {
  return Object.hasOwn(byName, name) ? byName[name as ProtocolName] : undefined
}
