import { runSuite } from '../../src/run-suite.js'
import { nonblocking } from '../../src/stage10/nonblocking.js'

await runSuite(10, nonblocking)
