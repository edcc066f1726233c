import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { describeShortage, readMachine } from '../src/machine.js'
import type { ResultDocument } from '../src/report/result-document.js'
import { Wakefulness } from '../src/wakefulness.js'
import { withPlace } from './fixture.js'
import { judgeArguments, runProgram, scriptPath } from './run-cli.js'

const test = suite('machine', { timeLimit: 60_000 })

test('has enough here, and says of another what it lacks', () => {
  const here = readMachine()
  assert.ok((here.descriptors ?? 0) > 0 && (here.memory ?? 0) > 0)
  assert.is(describeShortage({ descriptors: 1024, memory: 2 ** 30 }), undefined)
  assert.is(describeShortage({ descriptors: undefined, memory: undefined }), undefined)
  assert.match(describeShortage({ descriptors: 256, memory: 2 ** 30 }) ?? '', /^the judge may only have 256 files open/)
  assert.match(describeShortage({ descriptors: 4096, memory: 2 ** 26 }) ?? '', /^only 64 MiB of memory are free/)
})

test('does not know about a program when the judge may not open enough files', () =>
  withPlace(1, async place => {
    const args = ['run', '10', ...judgeArguments('correct/plain.js', place), '--only', 'single']
    const limited = ['-c', 'ulimit -n 100; exec "$@"', 'sh', process.execPath, scriptPath('src/cli.js'), ...args]
    const { code, stdout } = await runProgram('/bin/sh', limited)
    assert.is(code, 5, stdout)
    assert.match(stdout, /^unknown start in .*: the judge may only have 100 files open and needs 512: raise the limit/m)
  }))

test('measures how late the judge itself is', () => {
  let now = 0
  const wakefulness = new Wakefulness(() => now)
  wakefulness.stop()
  const run = (times: number, every: number) => {
    for (let time = 0; time < times; time++) {
      now += every
      wakefulness.tick()
    }
  }
  run(100, 100)
  assert.is(wakefulness.isHindered, false)
  assert.is(wakefulness.latePercent, 0)
  run(40, 150)
  assert.is(wakefulness.isHindered, false, 'a third late is a busy machine')
  run(20, 1_000)
  assert.is(wakefulness.isHindered, true)
  assert.ok(wakefulness.latePercent > 80)
  run(200, 100)
  assert.is(wakefulness.isHindered, false, 'what was long ago does not count')
})

test('does not blame a program for time in which the judge itself hardly ran', () =>
  withPlace(1, async place => {
    const json = join(place.folder, 'verdict.json')
    const args = [...judgeArguments('broken/stall-never-answers.js', place), '--only', 'single', '--json', json]
    const judge = spawn(process.execPath, [scriptPath('src/cli.js'), 'run', '10', ...args], { stdio: 'ignore' })
    const ended = once(judge, 'exit')
    let exit: readonly unknown[] | undefined
    void ended.then(status => {
      exit = status
    })
    await sleep(1_500)
    while (!exit) {
      judge.kill('SIGSTOP')
      await sleep(500)
      judge.kill('SIGCONT')
      await sleep(100)
    }
    assert.equal(exit, [5, null])
    const { tests } = JSON.parse(readFileSync(json, 'utf8')) as ResultDocument
    assert.match(tests[1]?.reason ?? '', /^this machine is too slow to tell: .* \(otherwise: port \d+: 1 byte sent, /)
  }))

test.run()
