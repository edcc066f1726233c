/** What must not outlive this process. */
interface Mortal {
  killNow(): void
}

const running = new Set<Mortal>()

const signals = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/** Has `mortal` killed when this process ends before `spare` was called, by a signal or otherwise. */
export function killAtExit(mortal: Mortal): void {
  if (running.size === 0) {
    process.on('exit', killAll)
    for (const signal of Object.keys(signals)) process.on(signal, endBySignal)
  }
  running.add(mortal)
}

/** It has ended by itself. */
export function spare(mortal: Mortal): void {
  running.delete(mortal)
  if (running.size > 0) return
  process.removeListener('exit', killAll)
  for (const signal of Object.keys(signals)) process.removeListener(signal, endBySignal)
}

function killAll(): void {
  for (const mortal of running) mortal.killNow()
}

function endBySignal(signal: keyof typeof signals): void {
  process.exit(signals[signal])
}
