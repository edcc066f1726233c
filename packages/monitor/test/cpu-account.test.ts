import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { CpuAccount } from '../src/cpu-account.js'

const test = suite('CPU account')

test('counts from the first look on', () => {
  const account = new CpuAccount()
  assert.is(account.update([{ identity: 'a', parent: undefined, own: 500, children: 70 }]), 0)
  assert.is(account.update([{ identity: 'a', parent: undefined, own: 540, children: 70 }]), 40)
})

test('counts a child that its parent waited for once', () => {
  const account = new CpuAccount()
  const child = { identity: 'b', parent: 'a', own: 30, children: 5 }
  account.update([{ identity: 'a', parent: undefined, own: 0, children: 0 }])
  assert.is(account.update([{ identity: 'a', parent: undefined, own: 0, children: 0 }, child]), 35)
  assert.is(account.update([{ identity: 'a', parent: undefined, own: 0, children: 42 }]), 42)
})

test('keeps the time of a child that nobody waited for', () => {
  const account = new CpuAccount()
  const parent = { identity: 'a', parent: undefined, own: 10, children: 0 }
  account.update([parent])
  account.update([parent, { identity: 'b', parent: 'a', own: 30, children: 0 }])
  assert.is(account.update([parent]), 30)
})

test('keeps the time of a parent whose child lives on', () => {
  const account = new CpuAccount()
  const child = { identity: 'b', parent: 'a', own: 20, children: 0 }
  account.update([{ identity: 'a', parent: undefined, own: 10, children: 0 }, child])
  assert.is(account.update([{ ...child, parent: undefined, own: 25 }]), 5)
})

/** A tree of processes as a kernel would run it: burn, fork, end. */
interface Simulated {
  identity: string
  parent: Simulated | undefined
  own: number
  children: number
  waitsFor: boolean
}

const step = fc.record({
  kind: fc.constantFrom('burn' as const, 'fork' as const, 'end' as const, 'look' as const),
  who: fc.nat(20),
  time: fc.nat(100),
  waitsFor: fc.boolean(),
})

test('agrees with a kernel that forgets nothing, when every process is seen before it ends', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      const account = new CpuAccount()
      const root: Simulated = { identity: 'root', parent: undefined, own: 0, children: 0, waitsFor: true }
      let living = [root]
      let burnt = 0
      let names = 0
      const look = () =>
        account.update(
          living.map(({ identity, parent, own, children }) => ({
            identity,
            parent: parent && living.includes(parent) ? parent.identity : undefined,
            own,
            children,
          }))
        )
      look()
      for (const { kind, who, time, waitsFor } of steps) {
        const process = living[who % living.length] as Simulated
        if (kind === 'burn') {
          process.own += time
          burnt += time
        } else if (kind === 'fork') {
          living.push({ identity: `p${++names}`, parent: process, own: 0, children: 0, waitsFor })
        } else if (kind === 'end' && process !== root) {
          look()
          living = living.filter(other => other !== process)
          const { parent } = process
          if (parent && living.includes(parent) && parent.waitsFor) parent.children += process.own + process.children
        } else assert.is(look(), burnt)
      }
      assert.is(look(), burnt)
    })
  )
})

test.run()
