import { execFileSync } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { compile, compilerArgs, findCompiler, findTool, Missing } from '../src/toolbox.js'
import { withCompiler } from './compiler.js'

const test = suite('toolbox')
const timeLimit = 20_000

async function reason(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
  } catch (error) {
    assert.instance(error, Missing)
    return (error as Error).message
  }
  throw new Error('it was found')
}

test('a tool on PATH is found, one of several will do', async () => {
  assert.match(await findTool(['no-such-tool', 'sh'], 'no advice'), /\/sh$/)
})

test('a tool that is missing is named, with advice', async () => {
  assert.is(
    await reason(findTool(['no-such-tool', 'nor-this'], 'install it')),
    'no-such-tool or nor-this not found on PATH (install it)'
  )
})

withCompiler(
  test,
  'a program is compiled once, and works',
  async () => {
    const recipe = {
      name: 'measure',
      compiler: await findCompiler(),
      args: compilerArgs(['measure.c']),
      folder: 'measure',
    }
    const program = await compile(recipe)
    const { mtimeMs } = await stat(program)
    assert.is(await compile(recipe), program)
    assert.is((await stat(program)).mtimeMs, mtimeMs)
    const output = execFileSync('sh', ['-c', '"$0" true 3>&1', program], { encoding: 'utf8' })
    const { cpuSeconds, peakMemory } = JSON.parse(output)
    assert.ok(cpuSeconds >= 0 && peakMemory > 0)
  },
  { timeLimit }
)

withCompiler(
  test,
  'a program that does not compile is missing, with the first error or with advice',
  async () => {
    const recipe = {
      name: 'broken',
      compiler: await findCompiler(),
      args: compilerArgs(['absent.c']),
      folder: 'measure',
    }
    assert.match(await reason(compile(recipe)), /^does not compile: .*absent\.c/)
    assert.is(await reason(compile({ ...recipe, otherwise: 'install the library' })), 'install the library')
  },
  { timeLimit }
)

test.run()
