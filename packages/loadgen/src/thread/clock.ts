/** Milliseconds on the monotonic clock of the system, which is the same in every thread. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** The same moment on this thread's own clock, `performance.now()`. */
export function toThreadTime(shared: number): number {
  return shared - sharedNow() + performance.now()
}
