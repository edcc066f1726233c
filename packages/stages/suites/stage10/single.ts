import { runSuite } from '../../src/run-suite.js'
import { single } from '../../src/stage10/single.js'

await runSuite(10, single)
