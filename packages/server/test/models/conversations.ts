import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import type { ProtocolName, ProtocolSettings } from '../../src/protocols/settings.js'
import type { Client } from '../client.js'

/** How a client of a protocol talks, and knows that it is answered right. */
export interface Conversation {
  /** `folder` is for what the protocol keeps. */
  settings(folder: string): ProtocolSettings
  /** Says a few things, checks every byte of the answers, and ends as is the custom. */
  talk(client: Client, number: number): Promise<void>
  /** The beginning of a message, for a client that then vanishes. */
  readonly fragment: string
}

async function ask(client: Client, question: string | Buffer, answer: string | Buffer): Promise<void> {
  const expected = Buffer.from(answer as string)
  void client.write(Buffer.from(question as string)).catch(() => {})
  const got = await client.read(expected.length)
  assert.ok(got.equals(expected), `'${got.toString('latin1', 0, 80)}' for '${question.toString().slice(0, 80)}'`)
}

async function readLine(client: Client): Promise<string> {
  let line = ''
  while (!line.endsWith('\n')) line += (await client.read(1)).toString('latin1')
  return line
}

async function endOf(client: Client): Promise<void> {
  const rest = client.readAll()
  client.end()
  assert.is((await rest).length, 0)
}

const echo: Conversation = {
  settings: () => ({ name: 'echo' }),
  fragment: 'ech',
  talk: async client => {
    for (const size of [1, 1000, 100_000, 7]) {
      const bytes = randomBytes(size)
      await ask(client, bytes, bytes)
    }
    await endOf(client)
  },
}

const reverse: Conversation = {
  settings: () => ({ name: 'reverse', unit: 'line', allowExit: false }),
  fragment: 'a line without an e',
  talk: async (client, number) => {
    const turned = (text: string) => [...text].reverse().join('')
    for (const text of [`client ${number}`, '', 'x'.repeat(20_000) + number]) {
      await ask(client, `${text}\n`, `${turned(text)}\n`)
    }
    await endOf(client)
  },
}

const ack: Conversation = {
  settings: () => ({ name: 'ack' }),
  fragment: 'good',
  talk: async (client, number) => {
    for (let message = 1; message <= 5; message++) await ask(client, `${message} of ${number}\x03`, 'ack')
    const rest = client.readAll()
    await client.write(Buffer.from('goodbye\x03'))
    await rest
    client.end()
  },
}

const journal: Conversation = {
  settings: folder => ({ name: 'journal', users: ['arijort', 'foobar'], file: join(folder, 'journal.log') }),
  fragment: 'arijort:half a mess',
  talk: async (client, number) => {
    assert.match(await readLine(client), /^HELLO from /)
    for (let message = 1; message <= 3; message++) {
      await client.write(Buffer.from(`foobar:${number}-${message}\n`))
      assert.match(await readLine(client), `recorded "${number}-${message}" from user foobar`)
    }
    await endOf(client)
  },
}

const kv: Conversation = {
  settings: folder => ({
    name: 'kv',
    store: join(folder, 'store'),
    storeSize: 64 * 1024 ** 2,
    maxValue: 1024 ** 2,
    sync: false,
  }),
  fragment: 'set half 0 0 10\r\n12345',
  talk: async (client, number) => {
    const key = `key-${number}`
    const value = `${number} `.repeat(2000)
    await ask(client, `set ${key} 5 0 ${value.length}\r\n${value}\r\n`, 'STORED\r\n')
    await ask(client, `get ${key}\r\n`, `VALUE ${key} 5 ${value.length}\r\n${value}\r\nEND\r\n`)
    await ask(client, `set count-${number} 0 0 2\r\n41\r\nincr count-${number} 1\r\n`, 'STORED\r\n42\r\n')
    await ask(client, `delete ${key}\r\nget ${key}\r\n`, 'DELETED\r\nEND\r\n')
    const rest = client.readAll()
    await client.write(Buffer.from('quit\r\n'))
    assert.is((await rest).length, 0)
    client.end()
  },
}

export const conversations: Readonly<Record<ProtocolName, Conversation>> = { echo, reverse, ack, journal, kv }
