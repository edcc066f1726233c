import type { Loop } from 'reactor'
import type { ConnectionHandlerFactory } from './connection-handler.js'
import { echo } from './echo.js'
import { ProtocolConnection, type ProtocolHost } from './protocol-connection.js'
import type { Counters } from './protocols/counters.js'
import { openProtocol } from './protocols/open-protocol.js'
import type { ServerEvent, ServerThreadData } from './server-messages.js'
import { TurnEnd } from './turn-end.js'
import { TurnSlice } from './turn-slice.js'

/** What serves the connections of a loop, and how to give back what they share. */
export interface Handlers {
  readonly create: ConnectionHandlerFactory
  /** Whether the protocol tells its clients what has been counted, so that it has to be counted as it passes. */
  readonly countsAtOnce: boolean
  close(): void
}

/**
 * Opens the protocol that a loop is to speak. Echo has a pipe of its own, without copies, as long as it has no work to
 * pretend. Rejects with a StartError when the protocol cannot run here.
 */
export async function openHandlers(
  loop: Loop,
  data: ServerThreadData,
  counters: Counters,
  emit: (event: ServerEvent) => void
): Promise<Handlers> {
  const log = (level: 'info' | 'warn', text: string) => emit({ kind: 'report', report: { kind: 'log', level, text } })
  if (data.protocol.name === 'echo' && data.delay === 0) return { create: echo, countsAtOnce: false, close: () => {} }
  const protocol = await openProtocol(data.protocol, {
    worker: data.worker,
    pid: process.pid,
    log: {
      info: text => log('info', text),
      warn: text => log('warn', text),
    },
    limits: data.limits,
    counters,
  })
  const host: ProtocolHost = {
    ...{ loop, protocol, threshold: data.pipeThreshold, delay: data.delay, workBlocks: data.workBlocks },
    slice: new TurnSlice(),
    turnEnd: new TurnEnd(loop),
    onAbort: (remoteAddress, reason) => log('warn', `${remoteAddress}: ${reason}; reset`),
    onStopServer: remoteAddress => emit({ kind: 'stop-asked', remoteAddress }),
  }
  return {
    create: socket => new ProtocolConnection(socket, host),
    countsAtOnce: true,
    close: () => protocol.close(),
  }
}
