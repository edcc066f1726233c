import * as fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type Write, WriteHistory } from '../src/kv/write-history.js'

const test = suite('write history', { timeLimit: 60_000 })

interface Step {
  readonly what: 'send' | 'serve' | 'receive'
  readonly connection: number
  readonly key: number
  readonly isSet: boolean
}

interface Command {
  readonly key: number
  readonly write: Write | undefined
  readonly floor: number
  shown: Write | undefined
}

const steps = fc.array(
  fc.record<Step>({
    what: fc.constantFrom('send', 'serve', 'receive'),
    ...{ connection: fc.nat(2), key: fc.constantFrom(0, 0, 0, 1), isSet: fc.boolean() },
  }),
  { minLength: 50, maxLength: 200, size: 'max' }
)

/** A store that serves one command at a time, those of a connection in order; `choose` says what a get shows. */
function simulate(steps: readonly Step[], choose: (written: readonly Write[]) => Write | undefined) {
  const history = new WriteHistory(2, 0, 0)
  const queues = Array.from({ length: 4 }, () => ({ sent: [] as Command[], served: [] as Command[] }))
  const written: Write[][] = [[], []]
  const judged: { readonly shown: Write; readonly floor: number; readonly written: readonly Write[] }[] = []
  let clock = 0
  for (const { what, connection, key, isSet } of steps) {
    const { sent, served } = queues[connection] as (typeof queues)[0]
    const commands = written[key] as Write[]
    clock++
    if (what === 'send') {
      const floor = isSet ? 0 : history.floorOf(key, connection)
      const write = isSet ? history.send(key, connection, clock) : undefined
      sent.push({ key, write, floor, shown: undefined })
    } else if (what === 'serve') {
      const command = sent.shift()
      if (command === undefined) continue
      if (command.write !== undefined) (written[command.key] as Write[]).push(command.write)
      else command.shown = choose(written[command.key] as Write[])
      served.push(command)
    } else {
      const command = served.shift()
      if (command?.write !== undefined) history.confirm(command.write)
      if (command?.shown === undefined) continue
      judged.push({ shown: command.shown, floor: command.floor, written: [...commands] })
      if (command.shown.version >= command.floor) history.see(command.shown, true)
    }
  }
  return judged
}

test('a server that does one thing after the other is never accused', () => {
  fc.assert(
    fc.property(steps, steps => {
      for (const { shown, floor } of simulate(steps, written => written.at(-1))) assert.ok(shown.version >= floor)
    }),
    { numRuns: 500 }
  )
})

test('a value that was replaced before the get was sent is stale, whoever set it', () => {
  const history = new WriteHistory(1, 0, 0)
  const first = history.send(0, 1, 1)
  history.confirm(first)
  const second = history.send(0, 2, 2)
  // On its way: either may be shown, but on its own connection.
  assert.is(history.floorOf(0, 3), first.version)
  assert.is(history.floorOf(0, 2), second.version)
  const third = history.send(0, 1, 3)
  assert.is(third.replaces, second.version)
  history.confirm(third)
  // The second may have been served last, but the first is gone for good.
  assert.is(history.floorOf(0, 3), second.version)
  assert.ok(history.floorOf(0, 3) > first.version)
  history.confirm(second)
  const fourth = history.send(0, 1, 4)
  history.see(fourth, true)
  assert.is(history.floorOf(0, 3), fourth.version)
  // A connection is answered in order: what went ahead on it is replaced as well.
  const fifth = history.send(0, 1, 5)
  assert.is(fifth.replaces, fifth.version)
  assert.is(history.floorOf(0, 1), fifth.version)
  assert.is(history.send(0, 2, 6).replaces, fourth.version)
})

test('values of an earlier run: of the past, and of a clock that was ahead', () => {
  const history = new WriteHistory(1, 0, 1_000)
  const past = { key: 0, version: 500, replaces: 500 }
  history.see(past, true)
  assert.is(history.floorOf(0, 1), 500)
  const pending = history.send(0, 1, 1_001)
  history.see({ key: 0, version: 9e9, replaces: 9e9 }, true)
  history.confirm(pending)
  assert.is(history.floorOf(0, 2), pending.version)
  assert.ok(history.send(0, 1, 1_002).version > 9e9)
})

test('a server that shows the value before the last is found out, where nothing overlaps', () => {
  const send = (isSet: boolean, connection: number): Step[] =>
    (['send', 'serve', 'receive'] as const).map(what => ({ what, connection, key: 0, isSet }))
  const steps = [send(true, 0), send(true, 1), send(false, 2), send(true, 2), send(false, 0)].flat()
  const judged = simulate(steps, written => written.at(-2))
  assert.is(judged.length, 2)
  assert.ok(judged.every(({ shown, floor }) => shown.version < floor))
})

test.run()
