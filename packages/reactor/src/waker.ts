import type { EngineName } from './loop.js'

/** Wakes a loop from another thread of the process. Whoever opened it closes it, after the loop has ended. */
export interface Waker {
  /** What the loop needs to be woken by it. */
  readonly token: number
  wake(): void
  close(): void
}

const messagePortsWakeByThemselves: Waker = { token: -1, wake: () => {}, close: () => {} }

/** How a loop of this engine is woken: `node` by its message ports themselves, the others by an eventfd(2). */
export async function openWaker(engine: EngineName): Promise<Waker> {
  if (engine === 'node') return messagePortsWakeByThemselves
  const { createEventFd, signalEventFd, closeEventFd } = await import('./linux/event-fd.js')
  let token = createEventFd()
  return {
    token,
    wake: () => {
      if (token >= 0) signalEventFd(token)
    },
    close: () => {
      closeEventFd(token)
      // The number may soon belong to another descriptor.
      token = -1
    },
  }
}
