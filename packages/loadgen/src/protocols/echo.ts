import type { MessageProtocol } from './message-protocol.js'

/** Whatever is sent comes back, wherever it is cut. */
export const echo: MessageProtocol = {
  summary: '',
  charset: 'all',
  overhead: () => 0,
  objection: () => undefined,
}
