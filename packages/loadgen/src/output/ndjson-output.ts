import type { Destination } from './destination.js'
import type { Output } from './output.js'
import { reportDocument } from './report-document.js'

/**
 * The events of a run, each one a line as soon as it happens: `start` with the plan, an `interval` after each interval,
 * and `end` with the whole report except its intervals.
 */
export function ndjsonOutput(to: Destination): Output {
  const write = (event: string, content: object) => to.write(`${JSON.stringify({ event, ...content })}\n`)
  return {
    onStart: ({ plan, engine }) => write('start', { at: new Date().toISOString(), plan, engine: engine.engine }),
    onInterval: interval => write('interval', interval),
    onEnd(result) {
      const { intervals, ...rest } = reportDocument(result)
      write('end', rest)
      to.close()
    },
  }
}
