import type { Destination } from '../destination.js'
import type { Output } from '../output.js'
import { htmlPage } from './html-page.js'

/** The whole run as one page of HTML. */
export function htmlOutput(to: Destination): Output {
  return {
    onEnd(result) {
      to.write(htmlPage(result))
      to.close()
    },
  }
}
