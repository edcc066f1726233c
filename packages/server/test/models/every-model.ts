import type { Suite } from 'suite'
import type { ServerOptions } from '../../src/index.js'
import type { ModelSettings } from '../../src/models/model.js'
import { type Scene, withServer } from '../with-server.js'

/** Every model, small enough to come to its limits. */
export const models: readonly ModelSettings[] = [
  { name: 'epoll', loops: 1 },
  { name: 'epoll', loops: 3 },
  { name: 'single' },
  { name: 'prefork', workers: 3, minSpare: 1, maxWorkers: 3, connectionsPerWorker: 1 },
  { name: 'prefork', workers: 2, minSpare: 1, maxWorkers: 2, connectionsPerWorker: 20 },
  { name: 'threaded', workers: 3, queue: 4 },
  { name: 'ring', slots: 8, slotSize: 4096 },
]

/** Whether each worker serves one client at a time, and blocks for it. */
export function servesOneAtATime(model: ModelSettings): boolean {
  if (model.name === 'prefork') return model.connectionsPerWorker === 1
  return model.name === 'single' || model.name === 'threaded'
}

/** A model's name in a test's. */
export function nameOf(model: ModelSettings): string {
  const { name, ...rest } = model
  return [name, ...Object.entries(rest).map(([key, value]) => `${key} ${value}`)].join(' ')
}

/** One test for each of the models, each with a server of its own. */
export function onEachModel(
  test: Suite,
  name: string,
  options: Partial<ServerOptions>,
  body: (scene: Scene, model: ModelSettings) => Promise<void>,
  chosen: (model: ModelSettings) => boolean = () => true
): void {
  for (const model of models.filter(chosen)) {
    test(`${name} [${nameOf(model)}]`, () => withServer({ ports: [0], ...options, model }, scene => body(scene, model)))
  }
}
