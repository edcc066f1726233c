export { Monitor, type MonitorOptions, type OwnCost } from './monitor.js'
export { memoryBytes, type ProcessSample, type Sample } from './sample.js'
export { type Statistics, type Summary, summarise } from './summary.js'
