import type { ModelArguments } from './models/model-options.js'
import type { ProtocolArguments } from './options/protocol-options.js'

/** The names of the systems that a preset makes of this server, each in one command. */
export const presetNames = [
  'stage10',
  'ring-buffer',
  'server-models-01',
  'server-models-02',
  'server-models-03',
  'server-models-04',
  'fork-server',
  'key-value-cache',
] as const

export type PresetName = (typeof presetNames)[number]

type ProtocolValues = Partial<ProtocolArguments> & { readonly ports?: readonly number[] | undefined }
type ModelValues = Partial<ModelArguments>

/** Values of options, in milliseconds where they are times. */
interface Preset {
  readonly protocol: ProtocolValues
  readonly model: ModelValues
}

const twoSeconds = 2000
const threeSeconds = 3000

/** These servers acknowledge each message after two seconds of pretended work. */
const acknowledging: ProtocolValues = { protocol: 'ack', delay: twoSeconds }

const presets: Readonly<Record<PresetName, Preset>> = {
  stage10: { protocol: { protocol: 'echo' }, model: { model: 'epoll' } },
  'ring-buffer': {
    protocol: { protocol: 'reverse', unit: 'chunk', allowExit: true, ports: [9090] },
    model: { model: 'ring' },
  },
  'server-models-01': { protocol: acknowledging, model: { model: 'single' } },
  'server-models-02': { protocol: acknowledging, model: { model: 'prefork', workers: 5, maxWorkers: 5 } },
  'server-models-03': { protocol: acknowledging, model: { model: 'threaded', workers: 5 } },
  'server-models-04': { protocol: acknowledging, model: { model: 'epoll' } },
  'fork-server': {
    protocol: { protocol: 'journal', delay: threeSeconds },
    // A thousand clients at once, as its thousand processes served.
    model: { model: 'prefork', workers: 8, connectionsPerWorker: 128 },
  },
  'key-value-cache': { protocol: { protocol: 'kv' }, model: { model: 'epoll' } },
}

/** What the command line says, completed by a preset. */
type Arguments = ProtocolValues & ModelValues & { readonly preset?: PresetName | undefined }

/**
 * Fills options that were not given in from the preset. Who asks for another protocol or another model than the
 * preset's does not get what belongs to it.
 */
export function withPreset<T extends Arguments>(options: T): T {
  if (options.preset === undefined) return options
  const { protocol, model } = presets[options.preset]
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return {
    ...options,
    ...(options.protocol === undefined || options.protocol === protocol.protocol ? protocol : {}),
    ...(options.model === undefined || options.model === model.model ? model : {}),
    ...Object.fromEntries(given),
  }
}
