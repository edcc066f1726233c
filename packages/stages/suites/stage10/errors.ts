import { runSuite } from '../../src/run-suite.js'
import { errors } from '../../src/stage10/errors.js'

await runSuite(10, errors)
