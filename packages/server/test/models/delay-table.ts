// How long each model takes for clients whose every message costs work: predicted, and measured.
// As a program: node dist/test/models/delay-table.js [delay in milliseconds]

import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { ModelSettings } from '../../src/models/model.js'
import { Client } from '../client.js'
import { withServer } from '../with-server.js'

/** The seed's clients, and the messages of each. */
export const clients = 12
export const messages = 5

const workers = 5

/** Each model, and how many times the work of one message follows another in it. */
export const predictions: readonly { readonly model: ModelSettings; readonly turns: number }[] = [
  { model: { name: 'single' }, turns: clients * messages },
  { model: { name: 'ring', slots: 64, slotSize: 65_536 }, turns: clients * messages },
  {
    model: { name: 'prefork', workers, minSpare: 1, maxWorkers: workers, connectionsPerWorker: 1 },
    turns: Math.ceil(clients / workers) * messages,
  },
  { model: { name: 'threaded', workers, queue: 128 }, turns: Math.ceil(clients / workers) * messages },
  { model: { name: 'epoll', loops: 1 }, turns: messages },
]

/** Milliseconds that all clients together take, with so much work for each message. */
export async function measure(model: ModelSettings, delay: number): Promise<number> {
  let duration = 0
  await withServer({ ports: [0], model, protocol: { name: 'ack' }, delay }, async ({ server }) => {
    const start = performance.now()
    await Promise.all(Array.from({ length: clients }, () => converse(server.ports[0] as number)))
    duration = performance.now() - start
  })
  return duration
}

async function converse(port: number): Promise<void> {
  const { socket } = await Client.connect(port)
  let acknowledged = 0
  const say = () => socket.write(acknowledged === messages ? 'goodbye\x03' : `message ${acknowledged + 1}\x03`)
  say()
  for await (const part of socket) {
    acknowledged += part.length / 'ack'.length
    if (Number.isInteger(acknowledged)) say()
  }
  if (acknowledged !== messages) throw new Error(`${acknowledged} of ${messages} messages acknowledged`)
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  const delay = Number(argv[2] ?? 2000)
  for (const { model, turns } of predictions) {
    const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(2)} s`
    const measured = await measure(model, delay)
    console.log(`${model.name}: predicted ${seconds(turns * delay)}, measured ${seconds(measured)}`)
  }
}
