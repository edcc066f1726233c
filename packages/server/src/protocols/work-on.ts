import type { Output } from './protocol.js'

/**
 * Does the work for a message whose bytes are only lent (`Output.work`), and then calls back with them. They are
 * copied only when there is a delay.
 */
export function workOn(message: Uint8Array, output: Output, then: (message: Uint8Array) => void): void {
  let bytes = message
  let done = false
  output.work(() => {
    done = true
    then(bytes)
  })
  // Not `slice`: that of a Buffer is a view.
  if (!done) bytes = new Uint8Array(message)
}
