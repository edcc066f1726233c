import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { watchDisturbance } from '../src/machine/disturbance.js'
import { calibrate, judgeNoise, noiseSentence } from '../src/machine/noise.js'

const test = suite('noise')

const share = fc.double({ min: 0, max: 1, noNaN: true })
const disturbances = fc.array(fc.record({ stolen: share, others: share }), { minLength: 1, maxLength: 20 })
const calibrations = fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 1, maxLength: 20 })
const verdicts = ['quiet', 'noisy', 'too noisy']

test('a machine on which nothing else happens is quiet', () => {
  const noise = judgeNoise([50, 50.5, 51], [{ stolen: 0, others: 0.01 }])
  assert.is(noise.verdict, 'quiet')
  assert.match(noiseSentence(noise), /^The machine was quiet: 3 runs of a calibration loop differed by 2\.0 %/)
})

test('each kind of noise alone makes a machine noisy, then too noisy', () => {
  assert.is(judgeNoise([50, 54], []).verdict, 'noisy')
  assert.is(judgeNoise([50, 70], []).verdict, 'too noisy')
  assert.is(judgeNoise([50], [{ stolen: 0.02, others: 0 }]).verdict, 'noisy')
  assert.is(judgeNoise([50], [{ stolen: 0.06, others: 0 }]).verdict, 'too noisy')
  assert.is(judgeNoise([50], [{ stolen: 0, others: 0.1 }]).verdict, 'noisy')
  assert.is(judgeNoise([50], [{ stolen: 0, others: 0.2 }]).verdict, 'too noisy')
})

test('more noise never makes a machine quieter', () => {
  fc.assert(
    fc.property(calibrations, disturbances, fc.double({ min: 0, max: 1, noNaN: true }), (loops, all, more) => {
      const before = judgeNoise(loops, all)
      const after = judgeNoise(
        loops,
        all.map(({ stolen, others }) => ({ stolen: stolen + more, others: others + more }))
      )
      assert.ok(verdicts.indexOf(after.verdict) >= verdicts.indexOf(before.verdict))
      assert.ok(before.stolen.median <= before.stolen.maximum && before.others.median <= before.others.maximum)
    })
  )
})

test('the calibration loop takes time', () => {
  assert.ok(calibrate() > 1)
})

test('what is measured, and this process, disturb nobody', async () => {
  const end = watchDisturbance()
  const until = performance.now() + 100
  while (performance.now() < until);
  const { stolen, others } = end(1e6)
  assert.ok(stolen >= 0 && stolen <= 1)
  assert.is(others, 0)
})

test.run()
