import type { Destination } from './destination.js'
import type { Output } from './output.js'
import { reportDocument } from './report-document.js'

/** The whole report as one JSON document (see report-document.ts). */
export function jsonOutput(to: Destination): Output {
  return {
    onEnd(result) {
      to.write(`${JSON.stringify(reportDocument(result), undefined, 2)}\n`)
      to.close()
    },
  }
}
