/** A server that could not be started, and why, in one line for whoever starts it. */
export class StartError extends Error {
  override readonly name: string = 'StartError'
}
