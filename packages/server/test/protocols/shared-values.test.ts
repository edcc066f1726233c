import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { SharedValues } from '../../src/protocols/kv/shared-values.js'

const test = suite('shared values')

const item = (cas: number) => ({ flags: 0, expiry: 0, cas, stored: 0, value: Buffer.from(`version ${cas}`) })
const key = 'k'

test('one copy for each version, for as long as somebody holds it', () => {
  const values = new SharedValues()
  const first = values.hold(key, item(1))
  const again = values.hold(key, item(1))
  const newer = values.hold(key, item(2))
  const other = values.hold('other', item(1))
  assert.is(again.bytes, first.bytes)
  assert.is.not(newer.bytes, first.bytes)
  assert.is.not(other.bytes, first.bytes)
  assert.is(values.size, 3)
  first.release()
  assert.is(values.size, 3)
  again.release()
  newer.release()
  other.release()
  assert.is(values.size, 0)
})

test('the copy stays what it was', () => {
  const source = item(1)
  const { bytes } = new SharedValues().hold(key, source)
  source.value.fill(0)
  assert.is(Buffer.from(bytes).toString(), 'version 1')
})

test.run()
