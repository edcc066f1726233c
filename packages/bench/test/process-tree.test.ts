import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { readTreeCpu, readTreeMemory } from '../src/machine/process-tree.js'

const test = suite('process tree')

const mebibyte = 1024 ** 2

/** Runs a script of Node that says on stdout when it is ready, and ends it whatever happens. */
async function withScript(script: string, use: (pid: number, said: string) => Promise<void> | void): Promise<void> {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const [said] = await once(child.stdout, 'data')
    await use(child.pid as number, String(said))
  } finally {
    child.kill('SIGKILL')
  }
}

// Mostly in user mode: asking for the time used is itself a system call.
const burn = `const burn = ms => {
  const end = process.cpuUsage().user + ms * 1000
  while (process.cpuUsage().user < end) for (let i = 0; i < 1e6; i++);
};`
const stay = 'process.stdin.resume(); process.stdout.write("ready\\n");'

test('CPU time of a process is what it says of itself', () =>
  withScript(
    `${burn} burn(300); process.stdout.write(JSON.stringify(process.cpuUsage())); process.stdin.resume()`,
    (pid, said) => {
      const { user, system } = JSON.parse(said)
      const seconds = readTreeCpu([pid]) - (user + system) / 1e6
      // Between the two readings it has only gone to sleep.
      assert.ok(seconds >= -0.02 && seconds < 0.2, `${seconds} s more than it says`)
    }
  ))

test('CPU time of children counts, while they live and after', () => {
  const script = `
    const { spawn, spawnSync } = require('child_process')
    spawnSync(process.execPath, ['-e', ${JSON.stringify(`${burn} burn(600)`)}])
    const child = ${JSON.stringify(`${burn} burn(200); ${stay}`)}
    const living = spawn(process.execPath, ['-e', child], { stdio: ['pipe', 'pipe', 'inherit'] })
    living.stdout.once('data', () => { process.stdin.resume(); process.stdout.write(JSON.stringify(process.cpuUsage())) })`
  return withScript(script, (pid, said) => {
    const { user, system } = JSON.parse(said)
    const ofChildren = readTreeCpu([pid]) - (user + system) / 1e6
    assert.ok(ofChildren >= 0.8, `${ofChildren} s`)
  })
})

test('memory now and at its peak', () => {
  const script = `
    let held = Buffer.alloc(150 * ${mebibyte}, 1)
    held = Buffer.alloc(20 * ${mebibyte}, held[0])
    globalThis.kept = held
    process.stdin.resume()
    process.stdout.write(String(process.resourceUsage().maxRSS * 1024))`
  return withScript(script, (pid, said) => {
    const { now, peak } = readTreeMemory([pid])
    assert.ok(Math.abs(peak / Number(said) - 1) < 0.015, `${peak} bytes, ${said} by its own account`)
    assert.ok(now >= 20 * mebibyte && now <= peak, `${now} bytes`)
  })
})

test('memory of children counts', () => {
  const child = `globalThis.kept = Buffer.alloc(100 * ${mebibyte}, 1); ${stay}`
  const script = `
    const { spawn } = require('child_process')
    const living = spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: ['pipe', 'pipe', 'inherit'] })
    living.stdout.once('data', () => { ${stay} })`
  return withScript(script, pid => {
    assert.ok(readTreeMemory([pid]).now > 100 * mebibyte)
  })
})

test('several roots add up, and those that are gone count nothing', () =>
  withScript(`${burn} burn(100); ${stay}`, async pid => {
    assert.ok(readTreeCpu([pid, pid]) >= 0.2)
    const child = spawn('true')
    await once(child, 'exit')
    assert.is(readTreeCpu([child.pid as number]), 0)
    assert.equal(readTreeMemory([child.pid as number]), { now: 0, peak: 0 })
  }))

test.run()
