import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from 'suite'
import * as assert from 'uvu/assert'

const test = suite('colours', { timeLimit: 10_000 })

const program = fileURLToPath(new URL('./fixtures/colours.fixture.js', import.meta.url))

for (const [environment, coloured] of [
  [{}, false],
  [{ CI: 'true' }, false],
  [{ FORCE_COLOR: '1' }, true],
  [{ FORCE_COLOR: '0' }, false],
  [{ FORCE_COLOR: '1', NO_COLOR: '1' }, false],
] as const) {
  test(`a pipe ${coloured ? 'has colours' : 'is plain'} with ${JSON.stringify(environment)}`, () => {
    const env = { PATH: process.env.PATH, ...environment }
    const { stdout } = spawnSync(process.execPath, [program], { env, encoding: 'utf8', timeout: 8000 })
    assert.is(stdout, coloured ? '\x1b[31mred\x1b[39m' : 'red')
  })
}

test.run()
