import type { StageTest } from './stage-test.js'
import { cpu } from './stage10/cpu.js'
import { errors } from './stage10/errors.js'
import { memory } from './stage10/memory.js'
import { multiple } from './stage10/multiple.js'
import { nonblocking } from './stage10/nonblocking.js'
import { single } from './stage10/single.js'

/** A stage of the course: what its server must pass, in the seed's order. */
export interface Stage {
  readonly number: number
  readonly title: string
  readonly ports: readonly number[]
  readonly tests: readonly StageTest[]
}

/** All stages that can be judged, by number. */
export const stages: ReadonlyMap<number, Stage> = new Map([
  [
    10,
    {
      number: 10,
      title: 'Pipe Module: an echo server that buffers no more than it must',
      ports: [8001, 8002, 8003, 8004],
      tests: [nonblocking, cpu, memory, single, multiple, errors],
    },
  ],
])
