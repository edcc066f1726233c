import { closeSync } from 'node:fs'
import { constants } from 'node:os'
import { exitCode, Failure, formatDuration } from 'command-line'
import type { EngineName } from 'reactor'
import { readDescriptorLimit } from './descriptor-limit.js'
import { logReport, logStop } from './log-report.js'
import { createLogger, type LogFormat, type Logger, type LogLevel } from './logger.js'
import type { ModelSettings } from './models/model.js'
import type { ProtocolSettings } from './protocols/settings.js'
import { readyDocument, readyLine, tell } from './ready-notice.js'
import { type RunningServer, startServer } from './server.js'
import { StartError } from './start-error.js'
import { StatsPrinter } from './stats-printer.js'

/** The command line, resolved. Sizes in bytes, durations in milliseconds. */
export interface ServeOptions {
  readonly ports: readonly number[]
  readonly host: string
  readonly model: ModelSettings
  readonly engine: EngineName | 'auto'
  readonly protocol: ProtocolSettings
  readonly delay: number
  readonly pipeThreshold: number
  readonly maxMessage: number
  readonly messageTimeout: number
  readonly backlog: number
  readonly idleTimeout: number | undefined
  readonly maxConnections: number | undefined
  readonly grace: number
  readonly stats: number | undefined
  readonly logLevel: LogLevel
  readonly logFormat: LogFormat
  readonly readyFd: number | undefined
}

/** A terminal and a package manager may both pass the same Ctrl-C on; so close together they are one. */
const sameSignal = 200

/**
 * Runs a server until SIGTERM or SIGINT ends it; a second one ends the process at once, with the shell's code for
 * that signal (143, 130). Throws a Failure when it cannot start.
 */
export async function serve(options: ServeOptions): Promise<void> {
  const log = createLogger(options.logLevel, options.logFormat)
  const server = await startServer({
    ...options,
    onReport: report => logReport(log, report),
    reportConnections: log.isLevelEnabled('debug'),
  }).catch(error => {
    throw error instanceof StartError ? new Failure(error.message, exitCode.checkFailed) : error
  })
  const stopped = stopWhenAsked(server, options.grace, log)
  const printer = new StatsPrinter(server, log, options.stats)
  await announce(server, options, log)
  try {
    await Promise.race([stopped, server.ended])
  } finally {
    printer.stop()
  }
}

async function announce(server: RunningServer, options: ServeOptions, log: Logger): Promise<void> {
  const { readyFd, logFormat } = options
  if (server.engineReason !== undefined) log.warn(`engine ${server.engine}, because ${server.engineReason}`)
  const limit = await readDescriptorLimit()
  if (limit !== undefined) log.debug(limit, `descriptor limit: ${limit.soft} (hard limit ${limit.hard})`)
  const document = readyDocument(server, options)
  tell(process.stdout.fd, logFormat === 'json' ? document : readyLine(server, options))
  if (readyFd === undefined) return
  tell(readyFd, document)
  closeSync(readyFd)
}

/** By a signal, or by a client who may. */
function stopWhenAsked(server: RunningServer, grace: number, log: Logger): Promise<void> {
  return new Promise((resolve, reject) => {
    let firstAt: number | undefined
    const stop = (who: string) => {
      firstAt = performance.now()
      log.info(`${who}: no longer accepting; connections have up to ${formatDuration(grace)} to drain`)
      server.stop(grace).then(report => {
        logStop(log, report, grace)
        resolve()
      }, reject)
    }
    const onSignal = (signal: 'SIGTERM' | 'SIGINT') => {
      if (firstAt !== undefined) {
        if (performance.now() - firstAt < sameSignal) return
        log.warn(`${signal} again: ending at once`)
        process.exit(128 + constants.signals[signal])
      }
      stop(signal)
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
    server.stopAsked.then(remoteAddress => {
      if (firstAt === undefined) stop(`${remoteAddress} asked for the end`)
    })
  })
}
