import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type PresetName, presetNames, withPreset } from '../src/presets.js'
import { RawClient } from './raw-client.js'
import { withServerProcess } from './server-process.js'
import { inTemporaryFolder } from './temporary-folder.js'

const test = suite('presets', { timeLimit: 30_000 })

/** What each system is asked, and what it answers. */
const conversations: Readonly<Record<PresetName, readonly [said: string, answer: RegExp]>> = {
  stage10: ['hello\n', /^hello\n/],
  'ring-buffer': ['hello', /^olleh/],
  'server-models-01': ['hello\x03', /^ack/],
  'server-models-02': ['hello\x03', /^ack/],
  'server-models-03': ['hello\x03', /^ack/],
  'server-models-04': ['hello\x03', /^ack/],
  'fork-server': [
    'arijort:hi\n',
    /^HELLO from worker \d+ \(pid \d+\).*\nOK worker \d+ \(pid \d+\) recorded "hi" from user arijort; .*\n/,
  ],
  'key-value-cache': ['set k 2\r\nab\r\nget k\r\n', /^STORED\r\nVALUE k 0 2\r\nab\r\nEND\r\n/],
}

for (const preset of presetNames) {
  test(`${preset} answers as the server that it is modelled on`, async () => {
    const [said, answer] = conversations[preset]
    await inTemporaryFolder(async folder => {
      const args = ['--preset', preset, '--delay', '0s']
      await withServerProcess(
        args,
        async ({ connect }) => {
          const client = new RawClient(await connect())
          client.send(said)
          assert.match(await client.answer(answer), answer)
        },
        { folder }
      )
    })
  })
}

test('what is given counts for more than the preset', () => {
  const options = withPreset({ preset: 'server-models-02', delay: 0, workers: 2, ports: [9] })
  assert.equal(options, {
    ...{ preset: 'server-models-02', protocol: 'ack', delay: 0, ports: [9] },
    ...{ model: 'prefork', workers: 2, maxWorkers: 5 },
  })
})

test('another protocol or another model leaves out what belongs to the one of the preset', () => {
  assert.equal(withPreset({ preset: 'ring-buffer', protocol: 'echo' }), {
    ...{ preset: 'ring-buffer', protocol: 'echo', model: 'ring' },
  })
  assert.equal(withPreset({ preset: 'server-models-03', model: 'epoll' }), {
    ...{ preset: 'server-models-03', protocol: 'ack', delay: 2000, model: 'epoll' },
  })
})

test.run()
