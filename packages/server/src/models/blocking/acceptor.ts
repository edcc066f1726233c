import type { Descriptors } from 'reactor'
import type { ServerReport } from '../../server-messages.js'
import { ShortageNotice, shortageRest } from '../shortage-notice.js'
import type { Duty } from './duty.js'

const EPOLLIN = 0x001
/** Of the processes that wait for the same descriptor, wake one and not all (epoll_ctl(2)). */
const EPOLLEXCLUSIVE = 1 << 28

/** Where a worker gets its connections from, blocking. */
export interface ConnectionSource {
  /** Waits for the next connection, and returns its descriptor; undefined when there will be none. */
  next(): number | undefined
}

/**
 * Accepts from listening sockets, which it may share with other processes. On a stop it takes those who have connected
 * already, and closes its listeners: who comes later is refused.
 */
export class Acceptor implements ConnectionSource {
  readonly #descriptors: Descriptors
  readonly #duty: Duty
  readonly #events: InstanceType<Descriptors['EpollEvents']>
  readonly #notice: ShortageNotice
  readonly #waiting: number[] = []
  #listeners: readonly number[]

  constructor(
    listeners: readonly number[],
    duty: Duty,
    descriptors: Descriptors,
    report: (report: ServerReport) => void
  ) {
    this.#listeners = listeners
    this.#duty = duty
    this.#descriptors = descriptors
    this.#notice = new ShortageNotice(report)
    this.#events = new descriptors.EpollEvents()
    this.#events.add(duty.fd, 0, EPOLLIN)
    for (const listener of listeners) this.#events.add(listener, 0, EPOLLIN | EPOLLEXCLUSIVE)
    duty.onStop = () => this.#drain()
  }

  next(): number | undefined {
    for (;;) {
      const waiting = this.#waiting.shift()
      if (waiting !== undefined) return waiting
      if (this.#duty.over || this.#duty.retiring || this.#duty.stopping) return undefined
      const fd = this.#wait()
      if (fd !== undefined) return fd
    }
  }

  #wait(): number | undefined {
    const count = this.#events.wait(-1)
    for (let index = 0; index < count; index++) {
      const ready = this.#events.descriptorAt(index)
      if (ready === this.#duty.fd) {
        this.#duty.takeOrders()
        return undefined
      }
      // One at a time: the others stay where another worker can take them.
      const fd = this.#accept(ready)
      if (fd !== undefined) return fd
    }
    return undefined
  }

  #accept(listener: number): number | undefined {
    try {
      return this.#descriptors.acceptDescriptor(listener)
    } catch (error) {
      if (this.#notice.take(error)) this.#duty.sleep(shortageRest)
      return undefined
    }
  }

  /** Takes nobody any more. Who has been taken and not served is turned away. */
  close(): void {
    for (const fd of [...this.#waiting.splice(0), ...this.#listeners]) this.#descriptors.closeDescriptor(fd)
    this.#listeners = []
    this.#events.close()
  }

  #drain(): void {
    for (const listener of this.#listeners) {
      for (let fd = this.#accept(listener); fd !== undefined; fd = this.#accept(listener)) this.#waiting.push(fd)
      this.#descriptors.closeDescriptor(listener)
    }
    this.#listeners = []
  }
}
