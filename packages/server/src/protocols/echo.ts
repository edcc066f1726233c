import type { Counter } from './counters.js'
import type { Output, Protocol, ProtocolSession, WorkerContext } from './protocol.js'

/** Writes back what it receives (RFC 862). Has no messages, and so none that is too long or too slow. */
class EchoSession implements ProtocolSession {
  readonly heldBytes = 0
  readonly inMessage = false
  readonly messages = 0
  readonly #requests: Counter

  constructor(requests: Counter) {
    this.#requests = requests
  }

  receive(bytes: Uint8Array, output: Output): number {
    this.#requests.add()
    output.write(bytes)
    return bytes.length
  }

  end(output: Output): void {
    output.close()
  }

  timeOut(_lateness: unknown, output: Output): void {
    output.close()
  }
}

export function openEcho({ counters }: WorkerContext): Protocol {
  const requests = counters.counter('requests')
  return { createSession: () => new EchoSession(requests), close: () => {} }
}
