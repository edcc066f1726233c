import type { LoadFailure, LoadReport } from 'loadgen'
import { bytes, count, hexByte, seconds } from './format.js'
import { stallPatience } from './patience.js'
import { Blame, type BlameKind, Doubt } from './verdict.js'

/** Errors of errno(3) that say that this machine has no more of something, or forbids it, or that we are at fault. */
export const ownErrors: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
  'EBADF',
  'ENOTSOCK',
])

/**
 * Throws the Blame for the gravest failure of a run, or a Doubt when the failure is not the program's. A program that
 * does not close its side after the client did is not blamed here: what it keeps shows in its descriptors.
 * `name` gives the connection of a number its name in sentences.
 */
export function blameFailures(report: LoadReport, name = (connection: number) => `client ${connection + 1}`): void {
  const failures = report.failures.filter(failure => failure.kind !== 'not closed')
  const gravest = failures.find(failure => failure.kind === 'wrong bytes') ?? failures[0]
  if (gravest) throw judgeFailure(gravest, name(gravest.connection), report)
}

function judgeFailure(failure: LoadFailure, client: string, report: LoadReport): Blame | Doubt {
  const evidence = { client, failures: report.failures, failureCounts: report.failureCounts }
  if (failure.code !== undefined && ownErrors.has(failure.code)) {
    return new Doubt(`${client} could not connect: ${failure.message}`, evidence)
  }
  const [kind, what] = explain(failure, client)
  return new Blame(kind, what, evidence)
}

function explain(failure: LoadFailure, client: string): [BlameKind, string] {
  const { sent, verified, code } = failure
  const { port } = failure.target
  const state = `when ${count(verified)} of ${bytes(sent)} were back`
  switch (failure.kind) {
    case 'wrong bytes':
      return ['bytes', describeMismatch(failure, client)]
    case 'stalled':
      return ['stall', `port ${port}: ${describeStall(sent, verified)} (${client})`]
    case 'connect timeout':
      return ['stall', `port ${port}: ${client} was not connected in time`]
    case 'refused':
      return ['connection', `port ${port}: the connection was refused (${client})`]
    case 'closed early':
      return ['connection', `port ${port}: the program closed the connection of ${client} ${state}`]
    case 'reset':
      return ['connection', `port ${port}: the connection of ${client} was reset ${state}`]
    default:
      return ['connection', `port ${port}: the connection of ${client} was lost (${code ?? failure.message}) ${state}`]
  }
}

/** For a sentence: `4,096 bytes sent, 1,024 came back, then nothing for 5 s`. */
export function describeStall(sent: number, verified: number): string {
  const patience = seconds(stallPatience)
  if (sent === 0) return `nothing was taken for ${patience}`
  if (verified === 0) return `${bytes(sent)} sent, nothing came back for ${patience}`
  return `${bytes(sent)} sent, ${count(verified)} came back, then nothing for ${patience}`
}

function describeMismatch(failure: LoadFailure, client: string): string {
  const { mismatch, target } = failure
  if (!mismatch) return `port ${target.port}: wrong bytes came back to ${client}`
  const at = (mismatch.offset - mismatch.windowStart) * 2
  const where = `byte ${count(mismatch.offset + 1)} of ${client} differs (port ${target.port})`
  const [sent, got] = [mismatch.expected, mismatch.received].map(hex => Number.parseInt(hex.slice(at, at + 2), 16))
  // Where bytes are lost or repeated, the values of the first two that differ say nothing.
  if (sent === undefined || Number.isNaN(sent) || got === undefined || mismatch.explanation.includes('0x')) {
    return `${where}: ${mismatch.explanation}`
  }
  return `${where}: sent ${hexByte(sent)}, got ${hexByte(got)}; ${mismatch.explanation}`
}
