import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { exitCode, Failure, formatCount, formatDuration, formatSize } from 'command-line'
import type { EngineName } from 'reactor'
import { readDescriptorLimit } from './descriptor-limit.js'
import { createLogger, type LogFormat, type LogLevel } from './logger.js'
import { readyDocument, readyLine, tell } from './ready-notice.js'
import { type RunningServer, startServer } from './server.js'
import type { ServerReport, StopReport } from './server-messages.js'
import { StartError } from './start-error.js'
import { StatsPrinter } from './stats-printer.js'

/** The command line, resolved. Sizes in bytes, durations in milliseconds. */
export interface ServeOptions {
  readonly ports: readonly number[]
  readonly host: string
  readonly engine: EngineName | 'auto'
  readonly pipeThreshold: number
  readonly backlog: number
  readonly idleTimeout: number | undefined
  readonly maxConnections: number | undefined
  readonly grace: number
  readonly stats: number | undefined
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  readonly readyFd: number | undefined
}

type Logger = ReturnType<typeof createLogger>

/** A terminal and a package manager may both pass the same Ctrl-C on; so close together they are one. */
const sameSignal = 200

/**
 * Runs a server until SIGTERM or SIGINT ends it; a second one ends the process at once, with the shell's code for
 * that signal (143, 130). Throws a Failure when it cannot start.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const log = createLogger(options.logLevel, options.logFormat)
  const { ports, host, engine, pipeThreshold, backlog, idleTimeout, maxConnections } = options
  const server = await startServer({
    ...{ ports, host, engine, pipeThreshold, backlog, idleTimeout, maxConnections },
    onReport: report => logReport(log, report),
    reportConnections: log.isLevelEnabled('debug'),
  }).catch(error => {
    throw error instanceof StartError ? new Failure(error.message, exitCode.checkFailed) : error
  })
  const stopped = stopOnSignal(server, options.grace, log)
  const printer = new StatsPrinter(server, log, options.stats)
  await announce(server, options, log)
  try {
    await Promise.race([stopped, server.ended])
  } finally {
    printer.stop()
  }
}

async function announce(server: RunningServer, options: ServeOptions, log: Logger): Promise<void> {
  const { pipeThreshold, readyFd, logFormat } = options
  if (server.engineReason !== undefined) log.warn(`engine ${server.engine}, because ${server.engineReason}`)
  const limit = await readDescriptorLimit()
  if (limit !== undefined) log.debug(limit, `descriptor limit: ${limit.soft} (hard limit ${limit.hard})`)
  const document = readyDocument(server, pipeThreshold)
  tell(process.stdout.fd, logFormat === 'json' ? document : readyLine(server, pipeThreshold))
  if (readyFd === undefined) return
  tell(readyFd, document)
  closeSync(readyFd)
}

function stopOnSignal(server: RunningServer, grace: number, log: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    let firstAt: number | undefined
    const onSignal = (signal: 'SIGTERM' | 'SIGINT') => {
      if (firstAt !== undefined) {
        if (performance.now() - firstAt < sameSignal) return
        log.warn(`${signal} again: ending at once`)
        process.exit(128 + constants.signals[signal])
      }
      firstAt = performance.now()
      log.info(`${signal}: no longer accepting; connections have up to ${formatDuration(grace)} to drain`)
      server.stop(grace).then(report => {
        logStop(log, report, grace)
        resolve()
      }, reject)
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
  })
}

function logStop(log: Logger, report: StopReport, grace: number): void {
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

function logReport(log: Logger, report: ServerReport): void {
  switch (report.kind) {
    case 'shortage':
      log.warn(report, `${report.message}: new connections wait until one has ended`)
      break
    case 'full':
      log.warn(report, `${connections(report.connections)} are open, the most allowed: others wait until one has ended`)
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
