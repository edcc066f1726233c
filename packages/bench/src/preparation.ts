import { Failure } from 'command-line'
import type { Launch, LoadContender, LoadLaunch, ServerContender, StoreContender } from './contenders/contender.js'
import { LoadClient } from './load-client.js'
import type { Absence } from './report.js'
import { RunningServer } from './running-server.js'
import { Missing } from './toolbox.js'

/** A contender that can be started. */
export interface Ready<Contender, Launched> {
  readonly contender: Contender
  readonly launch: Launched
}

/** Whether a contender cannot take part. */
export function isAbsent(prepared: object): prepared is Absence {
  return 'reason' in prepared
}

/** Bytes, and connections that share them, with which a server shows that it echoes. */
const trial = ['stream', '--verify', '--bytes', '8388608', '--connections', '4']

/**
 * Makes a server ready, and has it echo a few MiB with every byte verified: figures of a server that loses bytes say
 * nothing. Returns why not, when it cannot take part.
 */
export async function prepareServer(
  contender: ServerContender,
  loadProgram: string
): Promise<Ready<ServerContender, Launch> | Absence> {
  return unlessAbsent(contender, async () => {
    const launch = await contender.prepare()
    const server = await RunningServer.start(contender.name, launch)
    try {
      const client = new LoadClient(loadProgram, [...trial, '--port', `${server.port}`])
      await client.finished.finally(() => client.stop())
    } finally {
      await server.stop()
    }
    return launch
  })
}

/** Makes a generator ready. Returns why not, when it cannot take part. */
export function prepareGenerator(contender: LoadContender): Promise<Ready<LoadContender, LoadLaunch> | Absence> {
  return unlessAbsent(contender, () => contender.prepare())
}

/** Makes a store ready, whose every value is verified while it is measured. Returns why not, when it cannot take part. */
export function prepareStore(contender: StoreContender): Promise<Ready<StoreContender, Launch> | Absence> {
  return unlessAbsent(contender, () => contender.prepare())
}

async function unlessAbsent<Contender extends { name: string }, Launched>(
  contender: Contender,
  prepare: () => Promise<Launched>
): Promise<Ready<Contender, Launched> | Absence> {
  try {
    return { contender, launch: await prepare() }
  } catch (error) {
    if (!(error instanceof Missing || error instanceof Failure)) throw error
    return { contender: contender.name, reason: error.message }
  }
}
