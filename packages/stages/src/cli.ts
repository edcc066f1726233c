#!/usr/bin/env node
import { runCommandLine } from 'command-line'
import { listCommand } from './commands/list.js'
import { partsCommands } from './commands/parts.js'
import { runCommand } from './commands/run.js'

await runCommandLine('stages', yargs =>
  partsCommands(runCommand(listCommand(yargs)))
    .demandCommand(1, 'expected a command; see stages --help')
    .epilogue('Exit code: 0 passed, 1 failed, 2 usage, 5 unknown.')
)
