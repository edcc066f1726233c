import { getSystemErrorMap } from 'node:util'
import { findPortHolder } from './port-holder.js'
import { StartError } from './start-error.js'

/** A port that could not be listened on, with what to do about it in one line. */
export class ListenError extends StartError {
  override readonly name = 'ListenError'
  readonly host: string
  readonly port: number
  /** The symbol of errno(3), such as `EADDRINUSE`. */
  readonly code: string

  constructor(message: string, host: string, port: number, code: string) {
    super(message)
    this.host = host
    this.port = port
    this.code = code
  }

  /** Finds out what can be found out about the failure, such as who holds the port. */
  static async describe(host: string, port: number, code: string): Promise<ListenError> {
    return new ListenError(await describeFailure(host, port, code), host, port, code)
  }
}

async function describeFailure(host: string, port: number, code: string): Promise<string> {
  switch (code) {
    case 'EADDRINUSE': {
      const holder = await findPortHolder(host, port)
      const who = holder === undefined ? 'a process that cannot be seen from here' : describeHolder(holder)
      return `port ${port} of ${host} is taken by ${who}; end it, or choose other ports with --ports`
    }
    case 'EACCES':
      return `port ${port} of ${host} needs a privilege that this user does not have; choose a port from 1024 up`
    case 'EADDRNOTAVAIL':
      return `${host} is not an address of this machine; choose one of its own, or 0.0.0.0 for all`
    case 'EAFNOSUPPORT':
      return `${host} cannot be listened on: this machine has no IPv6; choose an IPv4 address`
    case 'EINVAL':
      return `${host} cannot be listened on; if it is link-local, choose an address that is not`
    default:
      return `cannot listen on port ${port} of ${host}: ${explain(code)} (${code})`
  }
}

function describeHolder({ pid, command }: { pid: number; command: string }): string {
  return pid === process.pid ? 'this process itself' : `process ${pid} (${command})`
}

function explain(code: string): string {
  for (const [symbol, text] of getSystemErrorMap().values()) {
    if (symbol === code) return text
  }
  return 'unknown error'
}
