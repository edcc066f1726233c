import { bytes } from '../format.js'
import { blameFailures } from '../load-blame.js'
import type { StageTest } from '../stage-test.js'

/** What programs get wrong that treat bytes as text, as lines, or as one buffer of a fixed size. */
const difficult: readonly (readonly [string, () => Uint8Array])[] = [
  ['one byte', () => Uint8Array.of(0x41)],
  ['a byte of zero', () => Uint8Array.of(0)],
  ['a line feed', () => Uint8Array.of(0x0a)],
  ['a text of two lines', () => Buffer.from('one\r\ntwo\n')],
  ['a text without a line feed', () => Buffer.from('no end of line')],
  ['a text in UTF-8', () => Buffer.from('Schleuse · écluse · 水門 · 🌊\n')],
  ['all values of a byte', () => Uint8Array.from({ length: 256 }, (_, index) => index)],
  ['bytes that are not UTF-8', () => Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0x00)],
  ...[1023, 1024, 1025, 4096, 65_535, 65_536, 65_537].map(
    length => [`${length} equal bytes`, () => new Uint8Array(length).fill(0x61)] as const
  ),
]

/** What a client says last, with FIN right behind it, in bytes. */
const lastWords = [16, 64 * 1024]

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
    const { target, scale } = context
    const { strings, longest } = scale.single
    for (const port of target.ports) {
      const client = await context.connect(port, 'the only client')
      context.happened(`a client connected to port ${port}`)
      for (const [what, content] of difficult) {
        context.happened(`a client sent ${what} to port ${port}`)
        await client.exchange(content())
      }
      await client.exchange(longest)
      await client.finish(listenForMore)
    }

    for (const port of target.ports) {
      for (const length of lastWords) {
        const client = await context.connect(port, 'a client')
        context.happened(`a client sent ${bytes(length)} and FIN to port ${port}`)
        await client.exchangeLast(length, listenForMore)
      }
    }

    let [verified, elapsed, echoed, slowest] = [0, 0, 0, 0]
    // One port after another: what only several clients at once bring about is the matter of another test.
    for (const port of target.ports) {
      context.happened(`a client sent random strings to port ${port}`)
      const size = { minimum: 1, maximum: longest }
      const load = await context.load([port], { workload: 'strings', clients: 1, messages: strings, size })
      const report = await load.report
      blameFailures(report, () => 'the only client')
      verified += report.verified
      elapsed += report.elapsed
      echoed += report.messages?.echoed ?? 0
      slowest = Math.max(slowest, report.messages?.longestEcho ?? 0)
    }
    context.measure({
      verifiedBytes: verified,
      rateBytesPerSecond: verified / (elapsed / 1000),
      strings: echoed,
      slowestEchoMilliseconds: slowest,
    })
  },
}
