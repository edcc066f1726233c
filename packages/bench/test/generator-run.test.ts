import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { GeneratorRun } from '../src/cases/generator-run.js'
import { quickScale } from '../src/cases.js'
import type { LoadRun } from '../src/contenders/contender.js'
import { compileMeasure } from '../src/measure-program.js'
import { RunningServer } from '../src/running-server.js'
import { withCompiler } from './compiler.js'

const test = suite('what a generator and its server use')
const timeLimit = 30_000

/** Milliseconds of CPU time that the server uses up for each connection, before it closes it. */
const burnt = 600

const server = `
  const used = from => { const { user, system } = process.cpuUsage(from); return user + system }
  const burn = () => { const from = process.cpuUsage(); while (used(from) < ${burnt * 1000}); }
  require('net').createServer(s => { burn(); s.on('error', () => {}).end() }).listen(+process.argv[1], '127.0.0.1')`

/** Keeps the server busy, says that what counts begins now, and ends. */
const generator = `
  require('net').connect(+process.argv[1], '127.0.0.1').resume().on('close', () => {
    console.log('begin')
    console.log('{"messages":1,"bytes":1,"seconds":1}')
  })`

function withServer(use: (server: RunningServer) => Promise<void>): () => Promise<void> {
  return async () => {
    const launch = (port: number) => [{ program: process.execPath, args: ['-e', server, `${port}`], listensOn: port }]
    const running = await RunningServer.start('made', launch)
    try {
      await use(running)
    } finally {
      await running.stop()
    }
  }
}

async function measure(server: RunningServer, run: Omit<LoadRun, 'command'>) {
  const command = { program: process.execPath, args: ['-e', generator, `${server.port}`] }
  const { own, other } = await new GeneratorRun({}, server, quickScale, await compileMeasure()).drive(
    { command, ...run },
    () => ({})
  )
  return { own: own.cpuSeconds, peakMemory: own.peakMemory, other: other.cpuSeconds }
}

const lastLine = (stdout: string) => JSON.parse(stdout.split('\n').at(-1) ?? '')

withCompiler(
  test,
  'CPU time is that of what counts, where the generator says what does',
  withServer(async server => {
    const begins = (line: string) => line === 'begin'
    const result = (stdout: string) => ({ ...lastLine(stdout), cpuSeconds: 0.25 })
    const used = await measure(server, { begins, result })
    assert.is(used.own, 0.25)
    assert.ok(used.other < burnt / 2000, `${used.other} s of the server`)
    assert.ok((used.peakMemory as number) > 2 ** 20)
  }),
  { timeLimit }
)

withCompiler(
  test,
  'and else that of the whole run',
  withServer(async server => {
    const used = await measure(server, { result: lastLine })
    assert.ok(used.own > 0.01 && used.own < 10, `${used.own} s of the generator`)
    assert.ok(used.other > burnt / 2000, `${used.other} s of the server`)
  }),
  { timeLimit }
)

test.run()
