#!/usr/bin/env node
import { runCommandLine } from 'command-line'
import type { Argv } from 'yargs'
import { modelOptions, resolveModel } from './models/model-options.js'
import { limitOptions } from './options/limit-options.js'
import { listeningOptions } from './options/listening-options.js'
import { observationOptions } from './options/observation-options.js'
import { protocolOptions } from './options/protocol-options.js'
import { resolveProtocol } from './options/resolve-protocol.js'
import { presetNames, withPreset } from './presets.js'
import { defaultPorts } from './protocols/settings.js'
import { checkReadyDescriptor } from './ready-notice.js'
import { serve } from './serve.js'

await runCommandLine('server', yargs =>
  yargs.command(
    '$0',
    'Writes back every byte that its clients send, or speaks another protocol, and holds at most one threshold of ' +
      'bytes for a client that does not read. One line on stdout says that it listens; everything else goes to stderr.',
    command =>
      observationOptions(limitOptions(modelOptions(protocolOptions(listeningOptions(presetOption(command))))))
        .example('$0 --ports 9000 --host ::', 'port 9000, IPv4 and IPv6')
        .example('$0 --pipe-threshold 64k --stats 5s', 'hold less, and say how much')
        .example('$0 --protocol reverse', 'write back each line reversed')
        .example('$0 --preset server-models-03 --delay 0s', 'five threads that acknowledge messages, at once')
        .epilogue(
          'Exit codes: 0 ended by a signal or by a client that may, 1 cannot start, 2 usage, 130 or 143 second signal.'
        ),
    async given => {
      const options = withPreset(given)
      if (options.readyFd !== undefined) checkReadyDescriptor(options.readyFd)
      const protocol = resolveProtocol(options)
      const ports = options.ports ?? defaultPorts[protocol.name]
      await serve({ ...options, protocol, model: resolveModel(options), ports, delay: options.delay ?? 0 })
    }
  )
)

function presetOption<T>(command: Argv<T>) {
  return command.option('preset', {
    describe: 'defaults that make one of the systems that this server is modelled on; other options still count',
    choices: presetNames,
  })
}
