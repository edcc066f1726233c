import { runSuite } from '../../src/run-suite.js'
import { multiple } from '../../src/stage10/multiple.js'

await runSuite(10, multiple)
