import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { workloads } from '../src/registry.js'

const test = suite('help', { timeLimit: 20_000 })

const cli = fileURLToPath(new URL('../src/cli.js', import.meta.url))

async function output(...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [cli, ...words])
  return stdout
}

test('the first page names every workload, and fits into 80 columns', async () => {
  const help = await output('--help')
  for (const { name } of workloads) assert.match(help, new RegExp(`loadgen ${name} `))
  assert.match(help, /^Examples:\n {2}loadgen ping-pong 8001/m)
  assert.ok(help.split('\n').every(line => line.length <= 80))
})

for (const { name, options, examples } of workloads) {
  test(`${name}: every option under its heading, every example whole, in 80 columns`, async () => {
    const help = await output(name, '--help')
    const load = help.slice(help.indexOf('Load:'), help.indexOf('Connections:'))
    for (const option of Object.keys(options)) assert.match(load, `--${option} `)
    for (const option of ['connect-rate', 'warmup', 'threads', 'segment', 'json', 'threshold']) {
      assert.match(help, `--${option} `)
    }
    for (const [command] of examples) assert.match(help, `  loadgen ${command}\n`)
    assert.match(help, /^Exit codes: /m)
    const tooLong = help.split('\n').filter(line => line.length > 80)
    assert.equal(tooLong, [])
  })
}

test('a completion script, and the completions themselves', async () => {
  assert.match(await output('completion'), /complete -o bashdefault|compdef/)
  assert.match(await output('--get-yargs-completions', 'loadgen', 'pi'), /^ping-pong$/m)
})

test.run()
