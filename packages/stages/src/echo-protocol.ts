import type { LoadRun } from 'loadgen'
import { count } from './format.js'
import { blameFailures, ownErrors } from './load-blame.js'
import type { Protocol, StalledClients } from './protocol.js'
import { Doubt } from './verdict.js'

/** Whether a program sends everything back although the client has ended is asked with a client's last words alone. */
export const echoStream = { workload: 'stream', finAfterEcho: true } as const

/** More bytes than any stream moves. */
const endless = Number.MAX_SAFE_INTEGER

/** Every byte comes back, whatever it is and however it was sent. */
export const echo: Protocol = {
  name: 'echo',
  vanishWays: ['rst', 'fin', 'rst-while-receiving'],
  mayBufferAll: false,
  difficult: [
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
  ],
  lastWords: [16, 64 * 1024],
  message: random => random,
  answer: message => message,

  async converse(context, messages, longest) {
    let [verified, elapsed, echoed, slowest] = [0, 0, 0, 0]
    // One port after another: what only several clients at once bring about is another test's affair.
    for (const port of context.target.ports) {
      const size = { minimum: 1, maximum: longest }
      const load = await context.load([port], { workload: 'strings', clients: 1, messages, size })
      const report = await load.report
      blameFailures(report, () => 'the only client')
      verified += report.verified
      elapsed += report.elapsed
      echoed += report.messages?.echoed ?? 0
      slowest = Math.max(slowest, report.messages?.longestEcho ?? 0)
    }
    const rateBytesPerSecond = verified / (elapsed / 1000)
    return { verifiedBytes: verified, rateBytesPerSecond, strings: echoed, slowestEchoMilliseconds: slowest }
  },

  async vanish(context, ports, how, clients, name) {
    const run = await context.load(ports, { workload: 'vanish', how, clients })
    const report = await run.report
    // How those fare who want to leave anyhow is nobody's concern: a short backlog may lose them.
    const failures = report.failures.filter(
      ({ kind, code }) => kind === 'wrong bytes' || (code !== undefined && ownErrors.has(code))
    )
    blameFailures({ ...report, failures }, name)
  },

  async stall(context, ports, size) {
    const connections = ports.length
    return new Streams(await context.load(ports, { ...echoStream, size, connections, noRead: true, hold: true }), size)
  },

  async talk(context, port) {
    return new Streams(await context.load([port], { ...echoStream, size: endless, connections: 1 }), endless)
  },
}

class Streams implements StalledClients {
  readonly #run: LoadRun
  readonly #size: number

  /** `size` is what they send at most, together, in bytes. */
  constructor(run: LoadRun, size: number) {
    this.#run = run
    this.#size = size
  }

  async sent(): Promise<number> {
    return (await this.#run.progress()).sent
  }

  async haveMore(): Promise<boolean> {
    return (await this.sent()) < this.#size
  }

  async read(name: string) {
    const { sent, verified, ...report } = await this.#run.stop({ drain: true })
    blameFailures({ sent, verified, ...report }, () => name)
    if (verified === sent) return { sent, verified }
    throw new Doubt(`${count(verified)} of ${count(sent)} bytes were verified, and nobody knows why`)
  }
}
