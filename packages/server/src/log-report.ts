import { formatCount, formatDuration, formatSize } from 'command-line'
import type { Logger } from './logger.js'
import type { ServerReport, StopReport } from './server-messages.js'

/** Logs how a graceful stop went. */
export function logStop(log: Logger, report: StopReport, grace: number): void {
  const { open, cutOff, lostBytes } = report
  if (cutOff === 0) {
    log.info(report, open === 0 ? 'stopped: no connection was open' : `stopped: ${connections(open)} drained`)
    return
  }
  const loss = lostBytes === 0 ? 'nothing was held for them' : `${formatSize(lostBytes)} held for them are lost`
  const when = `after the grace of ${formatDuration(grace)}`
  log.warn(report, `stopped ${when}: ${cutOff} of ${connections(open)} had to be cut off, ${loss}`)
}

function connections(count: number): string {
  return count === 1 ? '1 connection' : `${formatCount(count)} connections`
}

/** Logs what a server tells about while it runs. */
export function logReport(log: Logger, report: ServerReport): void {
  switch (report.kind) {
    case 'shortage':
      log.warn(report, `${report.message}: new connections wait until one has ended`)
      break
    case 'full':
      log.warn(report, `${connections(report.connections)} are open, the most allowed: others wait until one has ended`)
      break
    case 'log':
      log[report.level](report.text)
      break
    case 'opened':
      log.debug(report, `connection ${report.connection}: from ${report.remoteAddress} on port ${report.port}`)
      break
    case 'closed': {
      const { connection, bytesIn, bytesOut, lostBytes, cause } = report
      const bytes = `${formatSize(bytesIn)} in, ${formatSize(bytesOut)} out, ${formatSize(lostBytes)} lost`
      log.debug(report, `connection ${connection}: ${bytes}; ${cause ?? 'ended'}`)
    }
  }
}
