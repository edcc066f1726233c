import * as fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Commands } from '../src/kv/commands.js'
import { decimalLength, readDecimal, writeDecimal } from '../src/kv/decimal.js'
import { KeyNames } from '../src/kv/key-names.js'

const test = suite('kv commands', { timeLimit: 30_000 })

const names = new KeyNames(77)

test('whole numbers are written and read as decimals', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(20), (value, start) => {
      const memory = new Uint8Array(64)
      const end = writeDecimal(memory, start, value)
      assert.is(Buffer.from(memory).toString('latin1', start, end), `${value}`)
      assert.is(end - start, decimalLength(value))
      assert.is(readDecimal(memory, start, end), value)
    })
  )
})

test('a command is as long as it is said to be', () => {
  fc.assert(
    fc.property(fc.nat(9_999_999), fc.nat(1_000_000), fc.nat(30 * 24 * 3600), (key, size, expiry) => {
      const commands = new Commands(names, expiry)
      const memory = Buffer.alloc(200)
      const version = 1_700_000_000_000_000 + key
      const line = commands.writeSet(memory, 0, { key, version, replaces: 0 }, { key, size, flags: 0 })
      assert.is(memory.toString('latin1', 0, line), `set kv:77:${key} ${version % 2 ** 32} ${expiry} ${size}\r\n`)
      const missing = 10 - `${version % 2 ** 32}`.length
      assert.is(commands.writeLineEnd(memory, line) + size + missing, commands.setLength(key, size))
      const get = commands.writeGet(memory, 0, key)
      assert.is(memory.toString('latin1', 0, get), `get kv:77:${key}\r\n`)
      assert.is(get, commands.getLength(key))
    })
  )
})

test.run()
