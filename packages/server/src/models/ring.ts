import { StartError } from '../start-error.js'
import type { RingSettings, StartModel } from './model.js'

export const startRing: StartModel<RingSettings> = async () => {
  throw new StartError('model ring is not built yet')
}
