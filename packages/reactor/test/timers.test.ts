import * as assert from 'uvu/assert'
import { describeMatrix, onLoop } from './rig.js'

describeMatrix('timers', (test, engine) => {
  test('they fire in the order of their times, and none early', () =>
    onLoop(engine, (_, loop) => {
      const delays = [30, 5, 0, 17.5, 60, 5.2, 1, 45, 2.5]
      const fired: number[] = []
      for (const delay of delays) {
        const due = performance.now() + delay
        loop.timer(delay, () => {
          assert.ok(performance.now() >= due, `fired ${due - performance.now()} ms early`)
          fired.push(delay)
          if (fired.length === delays.length) loop.stop()
        })
      }
      return () =>
        assert.equal(
          fired,
          [...delays].sort((a, b) => a - b)
        )
    }))

  test('cancelled, they do not fire: before, by another of the same time, and by themselves', () =>
    onLoop(engine, (rig, loop) => {
      const fired: string[] = []
      const early = loop.timer(10, () => fired.push('cancelled early'))
      early.cancel()
      early.cancel()
      // Both are due when the loop looks again; the one that comes first cancels the other.
      const one = loop.timer(20, () => {
        fired.push('one')
        other.cancel()
      })
      const other = loop.timer(20.01, () => {
        fired.push('other')
        one.cancel()
      })
      const self = loop.timer(30, () => {
        fired.push('self')
        self.cancel()
      })
      const until = performance.now() + 21
      loop.timer(19, () => {
        while (performance.now() < until);
      })
      rig.stopIn(60)
      return () => assert.equal(fired, ['one', 'self'])
    }))

  test('one that is added while timers run waits for its own time', () =>
    onLoop(engine, (_, loop) => {
      let runs = 0
      let due = performance.now()
      const again = () => {
        assert.ok(performance.now() >= due)
        if (++runs === 20) {
          loop.stop()
          return
        }
        due = performance.now() + 1
        loop.timer(1, again)
      }
      loop.timer(0, again)
    }))

  test('timers of no delay do not keep connections waiting', () =>
    onLoop(engine, async (rig, loop) => {
      const spin = () => {
        loop.timer(0, spin)
      }
      spin()
      const listener = await rig.listen()
      rig.connect(listener.port, { onConnect: () => loop.stop() })
    }))

  test('a timer longer than the kernel can wait does not fire at once', () =>
    onLoop(engine, (rig, loop) => {
      for (const delay of [2 ** 31, 2 ** 33, Number.POSITIVE_INFINITY]) {
        loop.timer(delay, () => assert.unreachable(`a timer of ${delay} ms has fired`))
      }
      const { turns } = loop
      rig.stopIn(50)
      return () => assert.ok(loop.turns - turns < 20, 'the loop was spinning')
    }))

  test('the loop’s clock is that of performance.now()', () =>
    onLoop(engine, (_, loop) => {
      const before = performance.now()
      loop.timer(5, () => {
        assert.ok(loop.now >= before + 5)
        assert.ok(loop.now <= performance.now())
        loop.stop()
      })
    }))
})
