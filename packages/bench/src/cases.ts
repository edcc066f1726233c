import type { BenchCase, Scale } from './case.js'
import { connects } from './cases/connects.js'
import { fixedRateCases } from './cases/fixed-rate.js'
import { generatorCases } from './cases/generators.js'
import { heldCases } from './cases/held.js'
import { requestCases } from './cases/requests.js'
import { storeCases } from './cases/stores.js'
import { streamCases } from './cases/streams.js'

/** All cases, in the order in which they are measured. A new one joins here. */
export const cases: readonly BenchCase[] = [
  ...requestCases,
  ...streamCases,
  connects,
  ...heldCases,
  ...fixedRateCases,
  ...storeCases,
  ...generatorCases,
]

/** For figures to keep. */
export const fullScale: Scale = {
  warmUp: 3_000,
  duration: 2_000,
  bytes: 4 * 1024 ** 3,
  connects: 20_000,
  idleConnections: 10_000,
  idleDuration: 3_000,
}

/** For the inner loop: whether something works, and large differences. */
export const quickScale: Scale = {
  warmUp: 200,
  duration: 400,
  bytes: 256 * 1024 ** 2,
  connects: 2_000,
  idleConnections: 1_000,
  idleDuration: 500,
}
