import { echo } from './echo-protocol.js'
import { type Protocol, speaking } from './protocol.js'
import { reverse } from './reverse-protocol.js'
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
  readonly protocol: Protocol
  readonly tests: readonly StageTest[]
}

const ports = [8001, 8002, 8003, 8004]

/** A client that is being written to when it vanishes disturbs a server whose writes block: asked for from stage 8 on. */
const blocking = reverse(['rst', 'fin'])
const nonBlocking = reverse(['rst', 'fin', 'rst-while-receiving'])

/** All stages that can be judged, by number. */
export const stages: ReadonlyMap<number, Stage> = new Map(
  [
    {
      number: 6,
      title: 'Several ports: each line comes back reversed',
      ports,
      protocol: blocking,
      tests: reversing(blocking),
    },
    {
      number: 7,
      title: 'Modules: each line comes back reversed',
      ports,
      protocol: blocking,
      tests: reversing(blocking),
    },
    {
      number: 8,
      title: 'Non-blocking sockets: a client that does not read holds nobody up',
      ports,
      protocol: nonBlocking,
      tests: [speaking(nonBlocking, nonblocking), ...reversing(nonBlocking)],
    },
    {
      number: 9,
      title: 'Edge-triggered epoll: no CPU time without work',
      ports,
      protocol: nonBlocking,
      tests: [speaking(nonBlocking, nonblocking), speaking(nonBlocking, cpu), ...reversing(nonBlocking)],
    },
    {
      number: 10,
      title: 'Pipe Module: an echo server that buffers no more than it must',
      ports,
      protocol: echo,
      tests: [nonblocking, cpu, memory, single, multiple, errors],
    },
  ].map(stage => [stage.number, stage])
)

/** What every stage from the sixth to the ninth asks for. */
function reversing(protocol: Protocol): StageTest[] {
  return [
    speaking(protocol, single, {
      expected: 'client receives the string that it sent reversed, the newline in its place',
      bytes:
        'a loop that begins or ends one character off, a newline taken for a part of the line, or a length that is ' +
        'not the number of bytes received (strlen of a buffer that still holds the end of an earlier line)',
    }),
    speaking(protocol, multiple, {
      expected: 'Each client receives the string that it sent reversed, the newline in its place',
    }),
    speaking(protocol, errors),
  ]
}
