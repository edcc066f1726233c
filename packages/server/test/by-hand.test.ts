import { spawn } from 'node:child_process'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { within } from './client.js'
import { findTool } from './kv-clients/find-tool.js'
import { withServerProcess } from './server-process.js'
import { inTemporaryFolder } from './temporary-folder.js'

const test = suite('by hand, with nc', { timeLimit: 30_000 })

const nc = findTool('nc')

/** What is typed, and what is seen on the screen, up to the end of the connection. */
const sessions = [
  { name: 'reverse', typed: 'hello\nlast', seen: /^olleh\ntsal$/ },
  { name: 'ack', typed: 'one\x03two\x03goodbye\x03', seen: /^ackack$/ },
  {
    name: 'journal',
    typed: 'arijort:hello\nnobody:hello\n',
    seen: /^HELLO from worker \d+ .*\nOK worker \d+ .* recorded "hello" from user arijort; .*\nERROR user "nobody" is not authorised\n$/,
  },
  { name: 'kv', typed: 'set k 0 0 2\nab\nget k\nquit\n', seen: /^STORED\r\nVALUE k 0 2\r\nab\r\nEND\r\n$/ },
] as const

for (const { name, typed, seen } of sessions) {
  if (nc === undefined) test.skip(name, 'this machine has no nc (Debian: netcat-openbsd)')
  else {
    test(name, () =>
      inTemporaryFolder(folder =>
        withServerProcess(
          ['--protocol', name],
          async ({ port }) => {
            assert.match(await type(nc, port, typed), seen)
          },
          { folder }
        )
      )
    )
  }
}

/** Types a text into nc and closes its input, which it passes on as FIN (`-N` of OpenBSD's netcat). */
async function type(program: string, port: number, text: string): Promise<string> {
  const child = spawn(program, ['-N', '127.0.0.1', `${port}`], { stdio: ['pipe', 'pipe', 'ignore'] })
  try {
    let output = ''
    child.stdout.setEncoding('latin1').on('data', part => {
      output += part
    })
    const closed = new Promise<void>((resolve, reject) => child.once('close', () => resolve()).once('error', reject))
    child.stdin.end(text, 'latin1')
    await within('nc ends', closed, () => `it showed '${output}'`)
    return output
  } finally {
    child.kill('SIGKILL')
  }
}

test.run()
