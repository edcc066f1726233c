import type { StageTest, TestContext } from './stage-test.js'
import type { Evidence, Measures } from './verdict.js'

/** One message and what came of it. */
export interface Exchange {
  readonly sent: Buffer
  readonly expected: Buffer
  /** All that has arrived since it was sent. */
  readonly received: Buffer
}

/** What has to come back for what was sent. A message and its answer are equally long. */
export interface Expectation {
  /** Makes a message of random bytes, as long as these or, where the protocol limits messages, shorter. */
  message(random: Buffer): Buffer
  answer(message: Buffer): Buffer
  /**
   * Says in the words of the program's author what is wrong with an answer. Where it is missing, messages are a stream
   * of bytes, and the first byte that differs says all.
   */
  diagnose?(exchange: Exchange): string
}

/** How clients vanish: by RST, by FIN in the middle of their conversation, by RST while they are being written to. */
export type VanishWay = 'rst' | 'fin' | 'rst-while-receiving'

/** Clients that go on sending. */
export interface BusyClients {
  /**
   * Ends their sending, lets them read what still waits for them, and checks it as far as the protocol can be checked.
   * Throws as `EchoClient` does, with `name` in the sentence.
   */
  read(name: string): Promise<Evidence>
}

/** Clients that send and do not read. */
export interface StalledClients extends BusyClients {
  /** Bytes that were taken from them so far. */
  sent(): Promise<number>
  /** False when all that they had to send was taken from them. */
  haveMore(): Promise<boolean>
}

/** What the server of a stage does, and the traffic that asks for it: all in which the stages' tests differ. */
export interface Protocol extends Expectation {
  readonly name: 'echo' | 'reverse'
  /** What programs get wrong, with what it is called in a sentence. */
  readonly difficult: readonly (readonly [string, () => Uint8Array])[]
  /** The ways to vanish that a program of this stage has to survive. */
  readonly vanishWays: readonly VanishWay[]
  /** Whether a program may take, work on and keep all that is sent by a client which does not read. */
  readonly mayBufferAll: boolean
  /** How much a client says that sends FIN right behind it, in bytes: once for each. */
  readonly lastWords: readonly number[]
  /** A client on each port sends random messages of up to `longest` bytes, at least so many. Throws as `EchoClient`. */
  converse(context: TestContext, messages: number, longest: number): Promise<Measures>
  /** Clients come and vanish. Throws as `EchoClient` does; `name` gives the one of a number its name in sentences. */
  vanish(
    context: TestContext,
    ports: readonly number[],
    way: VanishWay,
    clients: number,
    name: (client: number) => string
  ): Promise<void>
  /** A client on each port begins to send, `size` bytes together at most, and does not read. */
  stall(context: TestContext, ports: readonly number[], size: number): Promise<StalledClients>
  /** A client begins to send without pause, and reads all answers at once. */
  talk(context: TestContext, port: number): Promise<BusyClients>
}

/** The same test for servers of another protocol; `changes` are to what it says. */
export function speaking(
  protocol: Protocol,
  test: StageTest,
  {
    expected = test.asks.expected,
    bytes = test.usualCauses.bytes,
  }: { expected?: string; bytes?: string | undefined } = {}
): StageTest {
  return {
    ...test,
    asks: { ...test.asks, expected },
    usualCauses: { ...test.usualCauses, ...(bytes === undefined ? {} : { bytes }) },
    async run(context) {
      context.protocol = protocol
      await test.run(context)
    },
  }
}
