import { type Addressing, loadAddressing, serveLoopThread } from 'reactor'
import { PayloadMemory } from '../payload/payload-memory.js'
import { toThreadTime } from './clock.js'
import { loadDriverOf } from './drivers.js'
import type { Assignment, LoadCommand, LoadEvent } from './protocol.js'
import { Session } from './session.js'

// Where koffi does not load the engine can only be `node`, which needs no addresses.
const addressing: Addressing | undefined = await loadAddressing().catch(() => undefined)
const memory = new PayloadMemory(addressing)

await serveLoopThread<Assignment, LoadCommand, LoadEvent>(
  async (loop, assignment, emit) => {
    const createDriver = await loadDriverOf(assignment.plan)
    const session = new Session(loop, memory, assignment, createDriver, {
      onConnected: () => emit({ kind: 'connected' }),
      onSamples: emit,
      onInterval: emit,
      onProgress: progress => emit({ kind: 'progress', progress, asked: false }),
      onFinish: report => emit({ kind: 'finished', progress: session.progress(), report }),
    })
    return command => obey(session, command, emit)
  },
  { allocateRegion: memory.allocateRegion }
)

function obey(session: Session, command: LoadCommand, emit: (event: LoadEvent) => void): void {
  switch (command.kind) {
    case 'begin':
      session.begin(toThreadTime(command.at))
      break
    case 'all connected':
      session.startTraffic(toThreadTime(command.at))
      break
    case 'tell progress':
      emit({ kind: 'progress', progress: session.progress(), asked: true })
      break
    case 'start reading':
      session.startReading()
      break
    case 'stop':
      if (command.drain) session.drain()
      else session.cutShort()
  }
}
