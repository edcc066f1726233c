import { readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import type { Environment } from '../report.js'

/** Where and when a run takes place that starts at `startedAt` (milliseconds since 1970). */
export function describeEnvironment(startedAt: number): Environment {
  const cores = cpus()
  return {
    loadgen: version,
    node: process.version,
    kernel: `${type()} ${release()} ${process.arch}`,
    cpu: cores[0]?.model.trim() || 'unknown',
    cores: cores.length,
    memory: totalmem(),
    startedAt: new Date(startedAt).toISOString(),
  }
}

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string
}
