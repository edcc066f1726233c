import { type Addressing, loadAddressing, serveLoopThread } from 'reactor'
import { driverOf } from './drivers.js'
import { PayloadMemory } from './payload/payload-memory.js'
import type { LoadReport, Progress } from './report.js'
import { type Assignment, Session } from './session.js'

/** From the main thread to the load thread. */
export type LoadCommand =
  | { readonly kind: 'tell progress' }
  | { readonly kind: 'start reading' }
  | { readonly kind: 'stop'; readonly drain: boolean }

/** From the load thread to the main thread. `asked` progress answers one `tell progress`, in order. */
export type LoadEvent =
  | { readonly kind: 'progress'; readonly progress: Progress; readonly asked: boolean }
  | { readonly kind: 'finished'; readonly progress: Progress; readonly report: LoadReport }

// Where koffi does not load the engine can only be `node`, which needs no addresses.
const addressing: Addressing | undefined = await loadAddressing().catch(() => undefined)
const memory = new PayloadMemory(addressing)

await serveLoopThread<Assignment, LoadCommand, LoadEvent>(
  (loop, assignment, emit) => {
    const session = new Session(loop, memory, assignment, driverOf(assignment.plan), {
      onProgress: progress => emit({ kind: 'progress', progress, asked: false }),
      onFinish: report => emit({ kind: 'finished', progress: session.progress(), report }),
    })
    session.start()
    return command => {
      if (command.kind === 'tell progress') emit({ kind: 'progress', progress: session.progress(), asked: true })
      else if (command.kind === 'start reading') session.startReading()
      else if (command.drain) session.drain()
      else session.cutShort()
    }
  },
  { allocateRegion: memory.allocateRegion }
)
