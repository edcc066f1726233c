import { bytes } from '../format.js'
import type { StageTest } from '../stage-test.js'

/** How long the program may take to say something that nobody asked for, in milliseconds. */
const listenForMore = 300

export const single: StageTest = {
  id: 'single',
  title: 'One client on each port',
  asks: {
    input: 'client sends a randomly generated string to the server',
    expected: 'client receives copy of the string it sent',
  },
  usualCauses: {
    bytes:
      'bytes taken for text (strlen, a string of some encoding), a buffer sent in full though it was filled in part, ' +
      'or a write that took less than it was given and was not continued',
    stall:
      'a write that took less than it was given and was not continued, or a wait for a line feed or for more bytes',
    connection:
      'an error that is met by closing the connection, or the listening socket; or a connection closed at the client’s ' +
      'FIN although not everything has been sent back',
  },

  async run(context) {
    const { target, scale, protocol } = context
    const { strings, longest } = scale.single
    for (const port of target.ports) {
      const client = await context.connect(port, 'the only client')
      context.happened(`a client connected to port ${port}`)
      for (const [what, content] of protocol.difficult) {
        context.happened(`a client sent ${what} to port ${port}`)
        await client.exchange(content())
      }
      await client.exchange(longest)
      await client.finish(listenForMore)
    }

    for (const port of target.ports) {
      for (const length of protocol.lastWords) {
        const client = await context.connect(port, 'a client')
        context.happened(`a client sent ${bytes(length)} and FIN to port ${port}`)
        await client.exchangeLast(length, listenForMore)
      }
    }

    context.happened('clients sent random strings')
    context.measure(await protocol.converse(context, strings, longest))
  },
}
