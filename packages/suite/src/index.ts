export { runFiles } from './run-files.js'
export { type Options, type Suite, suite } from './suite.js'
