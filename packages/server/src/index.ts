export { ListenError } from './listen-error.js'
export { type RunningServer, type ServerOptions, startServer } from './server.js'
export type { ServerReport, ServerStats, StopReport } from './server-messages.js'
export { StartError } from './start-error.js'
