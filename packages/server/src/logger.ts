import pino from 'pino'
import { prettyFactory } from 'pino-pretty'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export const logFormats = ['human', 'json'] as const

export type LogLevel = (typeof logLevels)[number]
export type LogFormat = (typeof logFormats)[number]

export type Logger = pino.Logger

const standardError = 2

/**
 * A log on standard error: a line for people, or a JSON document with all fields for each entry. Every entry is
 * written before the call returns, so that none is lost at the end. What cannot be written is dropped.
 */
export function createLogger(level: LogLevel, format: LogFormat): Logger {
  const destination = pino.destination({ dest: standardError, sync: true })
  // A full disk or a reader that has gone is no reason to stop serving.
  destination.on('error', () => {})
  if (format === 'json') return pino({ level }, destination)
  const pretty = prettyFactory({
    colorize: process.stderr.isTTY,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
    hideObject: true,
  })
  return pino({ level }, { write: entry => destination.write(pretty(entry) ?? '') })
}
