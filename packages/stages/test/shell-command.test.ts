import { execFileSync } from 'node:child_process'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { withoutShell } from '../src/program/shell-command.js'

const test = suite('shell command')

const run = (command: string) => execFileSync('/bin/sh', ['-c', withoutShell(command)], { encoding: 'utf8' })

test('a single command takes the place of the shell', () => {
  const [own = '', parent = ''] = run(`${process.execPath} -p 'process.pid+"/"+process.ppid'`).trim().split('/')
  assert.ok(Number(own) > 0)
  assert.is(Number(parent), process.pid, 'the shell is gone')
})

test('anything else means what it meant', () => {
  for (const [command, output] of [
    ['A=5 sh -c \'echo "$A"\'', '5\n'],
    ['if true; then echo yes; fi', 'yes\n'],
    ['echo one; echo two', 'one\ntwo\n'],
    ['exec echo "a b"', 'a b\n'],
    ['! false', ''],
    ['cd /', ''],
    ['', ''],
    [' echo spaced ', 'spaced\n'],
    ['echo "$HOME"', `${process.env.HOME ?? ''}\n`],
    ["sh -c 'echo quoted; echo twice'", 'quoted\ntwice\n'],
  ] as const) {
    assert.is(run(command), output, command)
  }
})

test.run()
