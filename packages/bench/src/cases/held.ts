import { formatCount } from 'command-line'
import type { Metric, Scale, ServerCase } from '../case.js'

const neverReading = 100

const memory: Metric = { name: 'memory', unit: 'bytes', better: 'lower' }
const cpu: Metric = { name: 'CPU', unit: 'percent of a core', better: 'lower' }

/** Connections that are held while nothing happens: what each costs in memory, and all together in CPU. */
function held(
  name: string,
  title: ServerCase['title'],
  connections: (scale: Scale) => number,
  args: (scale: Scale) => readonly string[]
): ServerCase {
  return {
    ...{ role: 'server', name, group: name, title, metric: memory, also: [cpu], cpuFor: 'nothing', connections },
    measure: run =>
      run.hold(args(run.scale), run.scale.idleDuration, ({ before, after, cpuSeconds, seconds }) => ({
        values: {
          memory: (after.now - before.now) / connections(run.scale),
          CPU: (cpuSeconds / seconds) * 100,
        },
      })),
  }
}

export const heldCases: readonly ServerCase[] = [
  held(
    'idle',
    ({ idleConnections }) => `Memory for each of ${formatCount(idleConnections)} idle connections; CPU for all`,
    ({ idleConnections }) => idleConnections,
    ({ idleConnections }) => ['--connections', `${idleConnections}`]
  ),
  held(
    'never-read',
    () => `Memory for each of ${neverReading} clients that send all they can and never read; CPU for all`,
    () => neverReading,
    () => ['--connections', '0', '--never-read', `${neverReading}`]
  ),
]
