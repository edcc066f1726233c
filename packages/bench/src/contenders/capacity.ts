import { formatCount } from 'command-line'
import { descriptorLimit } from '../machine/descriptor-limit.js'
import type { ServerContender } from './contender.js'

/** Descriptors that a program needs besides those of its connections. */
const ownDescriptors = 200

/** The most connections that programs with so many descriptors for each can hold on this machine. */
export function mostConnections(descriptorsPerConnection: number): number {
  return Math.max(0, Math.floor((descriptorLimit() - ownDescriptors) / descriptorsPerConnection))
}

/** Why a contender cannot hold so many connections here; undefined when it can. */
export function whyTooMany(
  { connectionLimit, descriptorsPerConnection = 1 }: ServerContender,
  connections: number
): string | undefined {
  if (connectionLimit !== undefined && connections > connectionLimit.most) return connectionLimit.why
  if (connections <= mostConnections(descriptorsPerConnection)) return undefined
  const needs = descriptorsPerConnection === 1 ? 'one descriptor' : `${descriptorsPerConnection} descriptors`
  return `it needs ${needs} for each, and may have ${formatCount(descriptorLimit())} (ulimit -n)`
}
