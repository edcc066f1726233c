import * as assert from 'uvu/assert'
import { MSG_NOSIGNAL } from '../src/linux/constants.js'
import { close, recv, send } from '../src/linux/libc.js'
import { mapScratch } from '../src/linux/mapped-memory.js'
import { openConnecting, openListening } from '../src/linux/open-socket.js'
import { accept, localPortOf } from '../src/linux/socket-address.js'

const host = '127.0.0.1'
const buffer = mapScratch(64)

/** A listening socket that is no loop's: whoever connects waits until the test lets him in, by a call that is at once done. */
export class Door {
  readonly port: number
  readonly #listening: number
  readonly #descriptors: number[] = []

  constructor(backlog = 16) {
    this.#listening = openListening({ host, port: 0, backlog })
    this.port = localPortOf(this.#listening)
  }

  /** Fills the queue, so that connecting neither succeeds nor fails. The door has to have a backlog of 0. */
  block(): void {
    // A backlog of 0 holds one connection (listen(2)); one more is in doubt.
    for (let count = 0; count < 3; count++) this.#descriptors.push(openConnecting({ host, port: this.port }).fd)
  }

  /** Lets everybody in who waits, and returns the descriptors. */
  letIn(): number[] {
    const entered: number[] = []
    for (let fd = accept(this.#listening); fd >= 0; fd = accept(this.#listening)) entered.push(fd)
    this.#descriptors.push(...entered)
    return entered
  }

  /** Sends something to one who was let in. */
  send(fd: number, text: string): void {
    const length = Buffer.from(buffer.view.buffer).write(text, 'latin1')
    assert.is(send(fd, buffer.address, length, MSG_NOSIGNAL), length)
  }

  /** How many bytes there are to be read; 0 for the end, -1 when there is nothing yet. */
  receive(fd: number): number {
    return recv(fd, buffer.address, 64, 0)
  }

  close(): void {
    for (const fd of [...this.#descriptors, this.#listening]) close(fd)
  }
}

/** Runs `use` with a door, which is closed whatever happens. */
export async function withDoor(use: (door: Door) => Promise<void>, backlog?: number): Promise<void> {
  const door = new Door(backlog)
  try {
    await use(door)
  } finally {
    door.close()
  }
}

/** The same with a door at which everybody stays connecting. */
export function withBlockedDoor(use: (door: Door) => Promise<void>): Promise<void> {
  return withDoor(door => {
    door.block()
    return use(door)
  }, 0)
}
