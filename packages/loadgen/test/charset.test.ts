import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { parseCharset } from '../src/payload/charset.js'

const test = suite('charset')

const text = (charset: string) => Buffer.from(parseCharset(charset)).toString('latin1')

test('knows names', () => {
  assert.is(text('hex'), '0123456789abcdef')
  assert.is(text('digits'), '0123456789')
  assert.is(text('alnum').length, 62)
  assert.is(text('printable').length, 95)
  assert.is(text('all').length, 256)
  assert.is(text('ascii').length, 128)
})

test('reads characters, ranges and escapes', () => {
  assert.is(text('abc'), 'abc')
  assert.is(text('cba'), 'abc')
  assert.is(text('a-e'), 'abcde')
  assert.is(text('a-cX0-2_'), '012X_abc')
  assert.is(text('-a'), '-a')
  assert.is(text('a-'), '-a')
  assert.is(text('\\n\\t'), '\t\n')
  assert.is(text('\\x00-\\x02\\xff'), '\x00\x01\x02\xff')
  assert.is(text('a\\-c'), '-ac')
  assert.is(text('\\\\'), '\\')
  assert.is(text('aaa'), 'a')
})

test('says what is wrong', () => {
  assert.throws(() => parseCharset(''), /empty/)
  assert.throws(() => parseCharset('abc\\'), /escape/)
  assert.throws(() => parseCharset('\\q'), /escape/)
  assert.throws(() => parseCharset('z-a'), /z-a runs backwards/)
  assert.throws(() => parseCharset('é'), /é is not one byte/)
})

test.run()
