import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { cases } from '../src/cases.js'
import { generators } from '../src/contenders/generators.js'
import { servers } from '../src/contenders/servers.js'
import { stores } from '../src/contenders/stores.js'
import { select } from '../src/selection.js'

const test = suite('selection')

const all = { cases, contenders: [...servers, ...stores, ...generators] }
const references = ['c-epoll', 'memcached', 'c-client']
const choose = (...names: string[]) => {
  const { cases, contenders } = select(all, names, references)
  return { cases: cases.map(({ name }) => name), contenders: contenders.map(({ name }) => name) }
}

test('nothing chosen is everything', () => {
  assert.equal(select(all, [], references), all)
})

test('a contender alone: its cases, and the reference', () => {
  const { cases, contenders } = choose('go')
  assert.equal(contenders, ['c-epoll', 'go'])
  assert.ok(cases.includes('stream-1') && !cases.includes('generate-stream'))
  assert.equal(choose('loadgen'), {
    cases: ['generate-requests', 'generate-fixed-rate', 'generate-stream'],
    contenders: ['c-client', 'loadgen'],
  })
})

test('a store alone: its cases, and memcached', () => {
  const { cases, contenders } = choose('sluice-kv')
  assert.equal(contenders, ['memcached', 'sluice-kv'])
  assert.equal(cases, choose('kv').cases)
})

test('a case alone: all contenders of its kind', () => {
  const { cases, contenders } = choose('connects')
  assert.equal(cases, ['connects'])
  assert.equal(
    contenders,
    servers.map(({ name }) => name)
  )
})

test('a group, a case and contenders together', () => {
  assert.equal(choose('stream', 'idle', 'node-net'), {
    cases: ['stream-1', 'stream-8', 'idle'],
    contenders: ['c-epoll', 'node-net'],
  })
})

test('a name that nothing has', () => {
  assert.throws(() => choose('sluice-epol'), /--only: there is no 'sluice-epol'/)
})

test('names are unique, and every choice leaves something to measure', () => {
  const names = [...cases, ...all.contenders].map(({ name }) => name)
  assert.is(new Set(names).size, names.length)
  const groups = cases.map(({ group }) => group)
  fc.assert(
    fc.property(fc.uniqueArray(fc.constantFrom(...names, ...groups), { minLength: 1, maxLength: 6 }), chosen => {
      const { cases, contenders } = select(all, chosen, references)
      assert.ok(cases.length > 0 && contenders.length > 0)
      for (const each of cases) assert.ok(contenders.some(({ role }) => role === each.role))
      for (const name of chosen) {
        const taken =
          contenders.some(contender => contender.name === name) || !all.contenders.some(c => c.name === name)
        // A contender whose kind no chosen case is of has nothing to do.
        assert.ok(taken || !cases.some(({ role }) => role === all.contenders.find(c => c.name === name)?.role))
      }
    })
  )
})

test.run()
