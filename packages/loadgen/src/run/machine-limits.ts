import { readFileSync } from 'node:fs'
import { formatCount } from 'command-line'
import { portion, shareOfSegment } from '../pacing/share.js'
import type { LoadPlan, Resolved } from '../plan.js'
import type { Problems } from '../problems.js'
import { workloadOf } from '../registry.js'

/** Descriptors that the process needs besides its connections. */
const ownDescriptors = 64

/**
 * Adds to `problems` what this machine cannot do of a plan, and what to change: open descriptors (getrlimit(2)), and
 * local ports for connections to the same target (ip(7), ip_local_port_range).
 */
export function checkMachineLimits(plan: Resolved<LoadPlan>, problems: Problems): void {
  const { targets } = plan
  const connections = portion(workloadOf(plan).connections(plan), shareOfSegment(plan.segment))
  const descriptors = descriptorLimit()
  const needed = connections + ownDescriptors
  problems.expect(
    needed <= descriptors,
    `${formatCount(connections)} connections need ${formatCount(needed)} open descriptors, the limit is ${formatCount(descriptors)}; raise it with ulimit -n ${needed}, or open fewer`
  )
  const ports = localPorts()
  const toOne = Math.ceil(connections / Math.max(1, new Set(targets.map(({ host, port }) => `${host} ${port}`)).size))
  problems.expect(
    toOne <= ports,
    `${formatCount(toOne)} connections to one target need as many local ports, the system has ${formatCount(ports)}; widen net.ipv4.ip_local_port_range, or name more targets`
  )
}

/** The soft limit, which Node itself raises to the hard one. Infinity where the system does not tell. */
function descriptorLimit(): number {
  const soft = readIfPresent('/proc/self/limits').match(/^Max open files\s+(\d+)/m)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

function localPorts(): number {
  const range = readIfPresent('/proc/sys/net/ipv4/ip_local_port_range').match(/(\d+)\s+(\d+)/)
  return range === null ? Number.POSITIVE_INFINITY : Number(range[2]) - Number(range[1]) + 1
}

function readIfPresent(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
