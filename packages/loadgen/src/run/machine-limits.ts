import { readFileSync } from 'node:fs'
import { formatCount } from 'command-line'
import { portion, shareOfSegment } from '../pacing/share.js'
import type { LoadPlan, Resolved } from '../plan.js'
import type { Problems } from '../problems.js'
import { workloadOf } from '../registry.js'

/** Descriptors that the process needs besides its connections. */
const ownDescriptors = 64

/** How long a connection that was closed by FIN occupies its port (ms): TIME_WAIT, and where it may be used again. */
const timeWait = 60_000
const timeWaitReused = 1_000

/**
 * Adds to `problems` what this machine cannot do of a plan, and what to change: open descriptors (getrlimit(2)), and
 * local ports for connections to the same target (ip(7), ip_local_port_range).
 */
export function checkMachineLimits(plan: Resolved<LoadPlan>, problems: Problems): void {
  const atOnce = connectionsAtOnce(plan)
  const descriptors = descriptorLimit()
  const needed = atOnce + ownDescriptors * plan.threads
  problems.expect(
    needed <= descriptors,
    `${formatCount(atOnce)} connections need ${formatCount(needed)} open descriptors, the limit is ${formatCount(descriptors)}; raise it with ulimit -n ${needed}, or open fewer`
  )
  const ports = localPorts()
  const onOne = Math.ceil(atOnce * busiestPath(plan))
  const [shared, remedy] = boundFirst(plan) ? ['from one address', ''] : [pathText(plan), 'name more targets, ']
  problems.expect(
    onOne <= ports,
    `${formatCount(onOne)} connections ${shared} need as many local ports, the system has ${formatCount(ports)}; widen net.ipv4.ip_local_port_range, ${remedy}or give more addresses with --source-ip`
  )
  checkTimeWait(plan, ports, problems)
}

function pathText({ sourceAddresses }: Resolved<LoadPlan>): string {
  return sourceAddresses.length > 0 ? 'from one address to one target' : 'to one target'
}

/** What a plan asks of the other side's listeners, where that may be too much; for people. */
export function backlogNote(plan: Resolved<LoadPlan>): string | undefined {
  const atOnce = Math.ceil(connectionsAtOnce(plan) / plan.targets.length)
  const backlog = numberIn('/proc/sys/net/core/somaxconn')
  if (plan.connectRate > 0 || atOnce <= backlog) return undefined
  return `${formatCount(atOnce)} connections at once to one target, but a listener here queues at most ${formatCount(backlog)} (net.core.somaxconn): the rest may have to try again a second later; try --connect-rate`
}

function checkTimeWait(plan: Resolved<LoadPlan>, ports: number, problems: Problems): void {
  if (plan.workload !== 'churn' || plan.rst || plan.rate.from === 0) return
  // tcp_tw_reuse (Linux: Documentation/networking/ip-sysctl): 1 always, 2 on loopback only.
  const reuse = numberIn('/proc/sys/net/ipv4/tcp_tw_reuse')
  const local = plan.targets.every(({ host }) => /^(127\.|localhost$|::1$)/.test(host))
  const reused = !boundFirst(plan) && (reuse === 1 || (reuse === 2 && local))
  const held = reused ? timeWaitReused : timeWait
  const rate = (Math.max(plan.rate.from, plan.rate.to) / plan.segment.count) * busiestPath(plan)
  const most = Math.floor((ports * 1000) / held)
  problems.expect(
    rate <= most,
    `${formatCount(Math.ceil(rate))} connections a second ${pathText(plan)} leave more ports in TIME_WAIT than there are (${formatCount(most)} a second can be had); add --rst, --source-ip or targets`
  )
}

/** Connections of this segment that may be open at the same time. */
export function connectionsAtOnce(plan: Resolved<LoadPlan>): number {
  const workload = workloadOf(plan)
  const connections = workload.concurrent?.(plan) ?? workload.connections(plan)
  return portion(connections, shareOfSegment(plan.segment))
}

/**
 * Which share of the connections has the same local ports to choose from: those from one address to one target, or
 * where sockets are bound first, all from one address. Connection n goes to target n mod t, and with each round of the
 * targets comes the next address (see connection.ts), so that a segment may have only some of the pairs.
 */
function busiestPath(plan: Resolved<LoadPlan>): number {
  const { targets, sourceAddresses, segment } = plan
  const { index, count } = shareOfSegment(segment)
  const pairs = targets.length * Math.max(1, sourceAddresses.length)
  const turns = pairs / greatestCommonDivisor(pairs, count)
  const uses = new Map<string, number>()
  for (let turn = 0; turn < turns; turn++) {
    const pair = (index + turn * count) % pairs
    const source = sourceAddresses[Math.floor(pair / targets.length)] ?? ''
    const target = targets[pair % targets.length]
    const path = boundFirst(plan) ? source : `${source} ${target?.host} ${target?.port}`
    uses.set(path, (uses.get(path) ?? 0) + 1)
  }
  return Math.max(...uses.values()) / turns
}

/** Whether bind(2) chooses the port (node:net knows no IP_BIND_ADDRESS_NO_PORT), which is then not used twice. */
function boundFirst({ engine, sourceAddresses }: Resolved<LoadPlan>): boolean {
  return engine === 'node' && sourceAddresses.length > 0
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other)
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

/** Infinity where there is no such file. */
function numberIn(path: string): number {
  const content = readIfPresent(path)
  return content === '' ? Number.POSITIVE_INFINITY : Number(content)
}

function readIfPresent(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
