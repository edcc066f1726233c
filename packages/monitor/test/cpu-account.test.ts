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

test('counts generations that end together once', () => {
  const account = new CpuAccount()
  const root = { identity: 'a', parent: undefined, own: 0, children: 0 }
  const child = { identity: 'b', parent: 'a', own: 1, children: 0 }
  const grandchild = { identity: 'c', parent: 'b', own: 300, children: 0 }
  account.update([root])
  assert.is(account.update([root, child, grandchild]), 301)
  assert.is(account.update([{ ...root, children: 310 }]), 310)
})

test('counts a child that stays unwaited for a while once', () => {
  const account = new CpuAccount()
  const root = { identity: 'a', parent: undefined, own: 0, children: 0 }
  const ended = { identity: 'b', parent: 'a', own: 40, children: 0 }
  account.update([root])
  assert.is(account.update([root, ended]), 40)
  assert.is(account.update([root, ended]), 40)
  assert.is(account.update([{ ...root, children: 40 }]), 40)
})

test('leaves out what a process had used before it joined, unless the tree started it', () => {
  const account = new CpuAccount()
  const root = { identity: 'a', parent: undefined, own: 0, children: 0 }
  const stranger = { identity: 'x', parent: undefined, own: 5000, children: 600, older: true }
  account.update([root])
  assert.is(account.update([root, stranger]), 0)
  assert.is(account.update([root, { ...stranger, own: 5030 }]), 30)
  assert.is(account.update([root]), 30)
})

/** A tree of processes as a kernel would run it: burn, fork, end, and be waited for now, later or never. */
interface Simulated {
  readonly identity: string
  parent: Simulated | undefined
  own: number
  children: number
  ended: boolean
}

class Kernel {
  readonly root: Simulated = { identity: 'root', parent: undefined, own: 0, children: 0, ended: false }
  #table = [this.root]
  #names = 0
  burnt = 0

  get running(): Simulated[] {
    return this.#table.filter(({ ended }) => !ended)
  }

  /** What /proc shows, zombies included. */
  get shown() {
    return this.#table.map(({ identity, parent, own, children }) => ({
      identity,
      parent: parent?.identity,
      own,
      children,
    }))
  }

  burn(process: Simulated, time: number): void {
    process.own += time
    this.burnt += time
  }

  fork(parent: Simulated): void {
    this.#table.push({ identity: `p${++this.#names}`, parent, own: 0, children: 0, ended: false })
  }

  /** What it leaves behind goes to init, which waits for the ended ones at once. */
  end(process: Simulated): void {
    if (process === this.root) return
    process.ended = true
    for (const child of this.#table.filter(({ parent }) => parent === process)) {
      child.parent = undefined
      if (child.ended) this.#remove(child)
    }
    if (process.parent === undefined) this.#remove(process)
  }

  /** The parent waits for a child; not doing so, it may also have asked the kernel to forget its children. */
  reap(child: Simulated | undefined, counted: boolean): void {
    if (!child?.ended) return
    if (counted && child.parent) child.parent.children += child.own + child.children
    this.#remove(child)
  }

  zombie(which: number): Simulated | undefined {
    const zombies = this.#table.filter(({ ended }) => ended)
    return zombies[which % zombies.length]
  }

  #remove(process: Simulated): void {
    this.#table = this.#table.filter(other => other !== process)
  }
}

const step = fc.record({
  kind: fc.constantFrom('burn' as const, 'fork' as const, 'end' as const, 'reap' as const, 'look' as const),
  who: fc.nat(20),
  time: fc.nat(100),
})

function play(kernel: Kernel, { kind, who, time }: { kind: string; who: number; time: number }, counted: boolean) {
  const process = kernel.running[who % kernel.running.length] ?? kernel.root
  if (kind === 'burn') kernel.burn(process, time)
  if (kind === 'fork') kernel.fork(process)
  if (kind === 'end') kernel.end(process)
  if (kind === 'reap') kernel.reap(kernel.zombie(who), counted)
}

test('agrees with a kernel that forgets nothing, when everything was seen before it was waited for', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, counted) => {
      const [kernel, account] = [new Kernel(), new CpuAccount()]
      account.update(kernel.shown)
      for (const next of steps) {
        // Whoever burnt was seen since: only what nobody saw and nobody waited for may be lost.
        if (next.kind === 'end' || next.kind === 'reap') account.update(kernel.shown)
        play(kernel, next, counted)
        if (next.kind === 'look') assert.is(account.update(kernel.shown), kernel.burnt)
      }
      assert.is(account.update(kernel.shown), kernel.burnt)
    })
  )
})

test('never counts anything twice, however rarely it looks', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 60 }), steps => {
      const [kernel, account] = [new Kernel(), new CpuAccount()]
      account.update(kernel.shown)
      let before = 0
      for (const [next, counted] of steps) {
        play(kernel, next, counted)
        if (next.kind !== 'look') continue
        const total = account.update(kernel.shown)
        assert.ok(total <= kernel.burnt, `counted ${total} of ${kernel.burnt}`)
        assert.ok(total >= before)
        before = total
      }
    })
  )
})

test.run()
