import { runSuite } from '../../src/run-suite.js'
import { memory } from '../../src/stage10/memory.js'

await runSuite(10, memory)
