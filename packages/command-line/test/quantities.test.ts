import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import {
  formatCount,
  formatDuration,
  formatExactSize,
  formatRate,
  formatSize,
  parseCount,
  parseDuration,
  parseEndpoint,
  parsePorts,
  parseRange,
  parseSize,
  resolveHost,
  UsageError,
} from '../src/index.js'

const test = suite('quantities and addresses')

test('reads sizes', () => {
  for (const [text, bytes] of [
    ['0', 0],
    ['512', 512],
    ['64k', 65_536],
    ['1.5m', 1_572_864],
    ['4g', 2 ** 32],
    ['4GiB', 2 ** 32],
    ['4gib', 2 ** 32],
    ['4GB', 4e9],
    ['10 bytes', 10],
  ] as const) {
    assert.is(parseSize(text), bytes, text)
  }
})

test('reads counts, which are decimal', () => {
  for (const [text, count] of [
    ['250', 250],
    ['10k', 10_000],
    ['1.5m', 1_500_000],
  ] as const) {
    assert.is(parseCount(text), count, text)
  }
})

test('reads durations', () => {
  for (const [text, milliseconds] of [
    ['0', 0],
    ['250ms', 250],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1m 30s', 90_000],
    ['0.5s', 500],
  ] as const) {
    assert.is(parseDuration(text), milliseconds, text)
  }
})

test('reads ranges, ports and endpoints', () => {
  assert.equal(parseRange('1..64k', parseSize), { minimum: 1, maximum: 65_536 })
  assert.equal(parseRange('7', parseCount), { minimum: 7, maximum: 7 })
  assert.equal(parsePorts('8001-8004,9000'), [8001, 8002, 8003, 8004, 9000])
  assert.equal(parsePorts('0,0'), [0, 0])
  assert.equal(parseEndpoint('8001'), { host: '127.0.0.1', port: 8001 })
  assert.equal(parseEndpoint('localhost:8001'), { host: 'localhost', port: 8001 })
  assert.equal(parseEndpoint('[::1]:8001'), { host: '::1', port: 8001 })
})

const bad: readonly [(text: string) => unknown, readonly string[]][] = [
  [parseSize, ['', '-1', '12q', '1.5', '1e3', '0x10', '9007199254740992', 'k', ' 1', '1 2']],
  [parseCount, ['', '-1', '1.5', '10kb', 'many', '9007199254740992']],
  [parseDuration, ['', '5', '-1s', '1.5ms', '30 seconds', '25d', 'soon']],
  [text => parseRange(text, parseCount), ['', '1..', '..1', '1..2..3', '5..4', 'a..b']],
  [parsePorts, ['', '8001-', '65536', '8004-8001', '8001,8001', '80 01', '-1', '8001;8002']],
  [parseEndpoint, ['', '0', '65536', 'host:', ':8001', '::1:8001', '[::1]', '[host]:8001', '1.2.3:80', 'a b:1']],
]

for (const [parse, texts] of bad) {
  for (const text of texts) {
    test(`${parse.name || 'parseRange'} refuses '${text}' with one clear line`, () => {
      try {
        parse(text)
        assert.unreachable(`took '${text}'`)
      } catch (error) {
        assert.instance(error, UsageError)
        assert.is((error as Error).message.split('\n').length, 1)
        assert.match((error as Error).message, /expected/)
      }
    })
  }
}

test('throws nothing but usage errors, of one line, whatever is written', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.a-zA-Z:,[\]-]{0,20}$/))
  for (const parse of [parseSize, parseCount, parseDuration, parsePorts, parseEndpoint]) {
    fc.assert(
      fc.property(text, word => {
        try {
          parse(word)
        } catch (error) {
          return error instanceof UsageError && !error.message.includes('\n')
        }
        return true
      })
    )
  }
})

test('reads back every whole number of a unit', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 20), fc.constantFrom(['k', 10], ['m', 20], ['g', 30] as const), (amount, [unit, bits]) => {
      assert.is(parseSize(`${amount}${unit}`), amount * 2 ** (bits as number))
    })
  )
  fc.assert(fc.property(fc.nat(), count => parseCount(String(count)) === count))
  fc.assert(fc.property(fc.nat(1e6), seconds => parseDuration(`${seconds}s`) === seconds * 1000))
})

test('shows quantities as people write them', () => {
  assert.is(formatSize(2 ** 32), '4 GiB')
  assert.is(formatExactSize(2 ** 32), '4 GiB (4,294,967,296 bytes)')
  assert.is(formatExactSize(1), '1 byte')
  assert.is(formatCount(10_000), '10,000')
  assert.is(formatRate(1.5 * 2 ** 20), '1.5 MiB/s')
  assert.is(formatDuration(250), '250ms')
  assert.is(formatDuration(90_500), '1m 30.5s')
})

test('shows sizes so that they can be read back to the byte', () => {
  fc.assert(
    fc.property(fc.nat(Number.MAX_SAFE_INTEGER), bytes => {
      const exact = formatExactSize(bytes)
        .match(/([\d,]+) bytes?\)?$/)?.[1]
        ?.replaceAll(',', '')
      return parseSize(exact ?? '') === bytes
    })
  )
})

test('shows durations so that they can be read back to a tenth of a second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), milliseconds => {
      const back = parseDuration(formatDuration(milliseconds))
      return Math.abs(back - milliseconds) <= 100
    })
  )
})

test('takes addresses as they are', async () => {
  assert.is(await resolveHost('127.0.0.1'), '127.0.0.1')
  assert.is(await resolveHost('[::1]'), '::1')
})

test.run()
