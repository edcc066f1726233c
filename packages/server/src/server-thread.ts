import { serveOnLoop } from './server-on-loop.js'

await serveOnLoop()
