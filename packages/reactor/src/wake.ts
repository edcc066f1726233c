import type { EngineName } from './loop.js'

/** Wakes the loop that has this token, from any thread of the process. */
export type Wake = (wakeToken: number) => void

/** How loops of an engine are woken: `node`'s own message ports do it, the others have an eventfd(2). */
export async function loadWake(engine: EngineName): Promise<Wake> {
  if (engine === 'node') return () => {}
  const { signalEventFd } = await import('./linux/event-fd.js')
  return wakeToken => {
    if (wakeToken >= 0) signalEventFd(wakeToken)
  }
}
