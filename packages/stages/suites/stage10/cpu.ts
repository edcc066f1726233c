import { runSuite } from '../../src/run-suite.js'
import { cpu } from '../../src/stage10/cpu.js'

await runSuite(10, cpu)
