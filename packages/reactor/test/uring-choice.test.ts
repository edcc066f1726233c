import { constants } from 'node:os'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { chooseEngine } from '../src/index.js'
import { withChild } from './child.js'

const test = suite('choice of engine uring')

for (const [code, reason] of [
  ['EPERM', /^chosen epoll: uring cannot run here: .*(sandbox|switched off).*$/],
  ['ENOSYS', /^chosen epoll: uring cannot run here: the kernel has no io_uring, or a sandbox hides it \(ENOSYS\)$/],
] as const) {
  test(`where it is forbidden with ${code}, it is epoll, and one line says why`, () =>
    withChild('forbidden-uring', [String(constants.errno[code])], async child => {
      assert.match(await child.line('chosen '), reason)
    }))
}

test('it is what was asked for, or there is a reason', async () => {
  const { engine, reason } = await chooseEngine('uring')
  assert.is(engine === 'uring', reason === undefined)
})

test('auto prefers epoll', async () => {
  assert.equal(await chooseEngine('auto'), { engine: 'epoll', reason: undefined })
})

test.run()
