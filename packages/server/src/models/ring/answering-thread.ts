import { loadDescriptors } from 'reactor'
import type { ServerThreadData } from '../../server-messages.js'
import { serveOnLoop } from '../../server-on-loop.js'
import { RingLoop } from './ring-loop.js'
import type { RingShape } from './ring-shape.js'

/** What the thread that answers is started with. */
export interface AnsweringThreadData extends ServerThreadData {
  readonly shape: RingShape
}

const descriptors = await loadDescriptors()

await serveOnLoop<AnsweringThreadData>({
  createLoop: async ({ shape }, wakeToken) => new RingLoop(shape, wakeToken, descriptors),
})
