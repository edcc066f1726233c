import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { counted, countedOf, deltaOf, expiry, flagsOf } from '../../src/protocols/kv/numbers.js'
import { parseCommand } from '../../src/protocols/kv/parse-command.js'

const test = suite('kv commands')

const parse = (line: string) => parseCommand(Buffer.from(line, 'latin1'))
const key = 'k'
const store = { kind: 'store', key, flags: 0, exptime: 0, length: 3, cas: 0, noreply: false } as const

test('every command in every form', () => {
  const cases = {
    'set k 5 -1 3': { ...store, mode: 'set', flags: 5, exptime: -1 },
    'set k 5 60 3 noreply\r': { ...store, mode: 'set', flags: 5, exptime: 60, noreply: true },
    '  set   k 0  0 3 ': { ...store, mode: 'set' },
    'set k 3': { ...store, mode: 'set' },
    'add k 0 0 3': { ...store, mode: 'add' },
    'replace k 0 0 3': { ...store, mode: 'replace' },
    'append k 0 0 3': { ...store, mode: 'append' },
    'prepend k 4294967295 0 3': { ...store, mode: 'prepend', flags: 4294967295 },
    'cas k 0 0 3 77': { ...store, mode: 'cas', cas: 77 },
    'cas k 0 0 3 77 noreply': { ...store, mode: 'cas', cas: 77, noreply: true },
    'get k': { kind: 'retrieve', keys: [key], withCas: false, touch: undefined },
    'gets k k': { kind: 'retrieve', keys: [key, key], withCas: true, touch: undefined },
    'gat 10 k': { kind: 'retrieve', keys: [key], withCas: false, touch: 10 },
    'gats 0 k k': { kind: 'retrieve', keys: [key, key], withCas: true, touch: 0 },
    'incr k 5': { kind: 'count', direction: 'incr', key, delta: 5n, noreply: false },
    'decr k 18446744073709551615 noreply': {
      ...{ kind: 'count', direction: 'decr', key, delta: 2n ** 64n - 1n, noreply: true },
    },
    'touch k 9': { kind: 'touch', key, exptime: 9, noreply: false },
    'delete k': { kind: 'delete', key, noreply: false },
    'delete k 0': { kind: 'delete', key, noreply: false },
    'delete k noreply': { kind: 'delete', key, noreply: true },
    'delete k 0 noreply': { kind: 'delete', key, noreply: true },
    flush_all: { kind: 'flush', delay: 0, noreply: false },
    'flush_all 10 noreply': { kind: 'flush', delay: 10, noreply: true },
    'flush_all noreply': { kind: 'flush', delay: 0, noreply: true },
    stats: { kind: 'stats', argument: undefined },
    'stats settings': { kind: 'stats', argument: 'settings' },
    version: { kind: 'version' },
    'verbosity 1': { kind: 'verbosity', noreply: false },
    quit: { kind: 'quit' },
  }
  for (const [line, command] of Object.entries(cases)) assert.equal(parse(line), command, line)
})

test('what is wrong is named as memcached names it', () => {
  const long = 'x'.repeat(251)
  const cases = {
    '': 'ERROR',
    GET: 'ERROR',
    get: 'ERROR',
    'gat 1': 'ERROR',
    'set k 0 0': 'ERROR',
    'set k 0 0 3 noreply more': 'ERROR',
    'cas k 0 0 3': 'ERROR',
    toString: 'ERROR',
    __proto__: 'ERROR',
    'set k x 0 3': 'CLIENT_ERROR bad command line format',
    'set k 0 x 3': 'CLIENT_ERROR bad command line format',
    'set k 4294967296 0 3': 'CLIENT_ERROR bad command line format',
    'set k 0 0 -1': 'CLIENT_ERROR bad command line format',
    'set k x': 'CLIENT_ERROR bad command line format',
    [`set ${long} 0 0 3`]: 'CLIENT_ERROR bad command line format',
    [`get ${long}`]: 'CLIENT_ERROR bad command line format',
    [`delete ${long}`]: 'CLIENT_ERROR bad command line format',
    'incr k x': 'CLIENT_ERROR invalid numeric delta argument',
    'incr k 18446744073709551616': 'CLIENT_ERROR invalid numeric delta argument',
    'touch k x': 'CLIENT_ERROR invalid exptime argument',
    'gat x k': 'CLIENT_ERROR invalid exptime argument',
    'delete k 1': 'CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]',
    'flush_all x': 'CLIENT_ERROR invalid exptime argument',
  }
  for (const [line, reply] of Object.entries(cases)) assert.is((parse(line) as { reply?: string }).reply, reply, line)
  assert.is(parse(`get ${'x'.repeat(250)}`).kind, 'retrieve')
})

test('no line makes the parser throw', () => {
  const word = fc.oneof(fc.constantFrom('set', 'get', 'cas', 'incr', 'noreply', '0', '-1', 'k'), fc.string())
  fc.assert(
    fc.property(fc.array(word), words => {
      assert.type(parse(words.join(' ')).kind, 'string')
    }),
    { numRuns: 2000 }
  )
})

test('counting stays within 64 bits', () => {
  assert.is(counted(2n ** 64n - 1n, 'incr', 1n), 0n)
  assert.is(counted(2n ** 64n - 1n, 'incr', 11n), 10n)
  assert.is(counted(5n, 'decr', 6n), 0n)
  assert.is(countedOf('10  '), 10n)
  for (const text of ['', ' 1', 'x', '-1', '1.5', '18446744073709551616']) assert.is(countedOf(text), undefined, text)
  assert.is(deltaOf('007'), 7n)
  assert.is(flagsOf('4294967295'), 4294967295)
})

test('an exptime up to thirty days is relative, a larger one is a time', () => {
  const month = 60 * 60 * 24 * 30
  assert.is(expiry(0, 5000), 0)
  assert.ok(expiry(-1, 5000) < 5000)
  assert.is(expiry(1, 5000), 6000)
  assert.is(expiry(month, 5000), 5000 + month * 1000)
  assert.is(expiry(month + 1, 5000), (month + 1) * 1000)
})

test.run()
