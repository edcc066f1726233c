import type { Limits } from '../protocols/protocol.js'
import type { ProtocolSettings } from '../protocols/settings.js'

/** What is to be served, and where; the same for every model. Resolved: no defaults left. Survives cloning. */
export interface Service {
  /** An IP address. */
  readonly host: string
  readonly ports: readonly number[]
  /** For an IPv6 host: take IPv4 connections as well. */
  readonly dualStack: boolean
  /** Connections that may wait in the kernel to be accepted. */
  readonly backlog: number
  /** Bytes that may be held for a client. */
  readonly pipeThreshold: number
  readonly protocol: ProtocolSettings
  readonly limits: Limits
  /** What the work for a message takes, in milliseconds; 0 for nothing. */
  readonly delay: number
  /** Infinity for none. */
  readonly maxConnections: number
  /** Whether each connection's beginning and end is reported. */
  readonly reportConnections: boolean
}
