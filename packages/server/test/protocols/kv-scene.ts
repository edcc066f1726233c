import { openKv } from '../../src/protocols/kv/kv.js'
import type { Protocol } from '../../src/protocols/protocol.js'
import type { KvSettings } from '../../src/protocols/settings.js'
import { inTemporaryFolder } from '../temporary-folder.js'
import { converse, ScriptedOutput } from './scripted-output.js'
import { client, type TestContext, workerContext } from './worker-context.js'

const mebibyte = 1024 ** 2

export interface KvScene {
  readonly kv: Protocol
  readonly context: TestContext
  /** What is answered to a text on a connection of its own. */
  say(...pieces: string[]): string
}

/** A store of its own, and the protocol over it. */
export async function withKv(
  body: (scene: KvScene) => void | Promise<void>,
  settings: Partial<KvSettings> = {}
): Promise<void> {
  await inTemporaryFolder(async store => {
    const context = workerContext('kv')
    const sizes = { storeSize: 64 * mebibyte, maxValue: mebibyte }
    const kv = openKv({ name: 'kv', store, ...sizes, sync: false, ...settings }, context)
    const say = (...pieces: string[]) => {
      const output = new ScriptedOutput()
      converse(
        kv.createSession(client),
        output,
        pieces.map(piece => Buffer.from(piece, 'latin1'))
      )
      return output.take()
    }
    try {
      await body({ kv, context, say })
    } finally {
      kv.close()
    }
  })
}
