import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { UringLoop } from '../src/uring/uring-loop.js'
import type { UringSizes } from '../src/uring/uring-sizes.js'
import { openDescriptors } from './open-descriptors.js'
import { Rig, whereUringRuns } from './rig.js'

/** A topic that only engine `uring` knows; skipped, with the reason, where it cannot run. */
export function uringSuite(topic: string): ReturnType<typeof suite> {
  return whereUringRuns(suite(`${topic} on uring`))
}

const ordinary: UringSizes = { submissions: 64, completions: 256, messageBuffers: 4, bulkBuffers: 2 }

const patience = 8000

const descriptors = () => openDescriptors(/^socket:|io_uring/)

/**
 * Sets a test up on a loop of these sizes and runs it until something stops it. Afterwards every endpoint must have
 * heard of its end, and every descriptor be closed. When `setUp` returns a function, that is called then.
 */
export async function onUring(
  sizes: Partial<UringSizes>,
  setUp: (rig: Rig, loop: UringLoop) => unknown
): Promise<void> {
  const before = descriptors()
  const { UringLoop } = await import('../src/uring/uring-loop.js')
  const loop = new UringLoop({}, { ...ordinary, ...sizes })
  const rig = new Rig(loop)
  rig.limit(patience)
  const check = await setUp(rig, loop)
  await loop.run()
  rig.checkAllClosed()
  assert.is(descriptors(), before, 'descriptors are left open')
  if (typeof check === 'function') check()
}
