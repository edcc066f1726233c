import type { Argv } from 'yargs'
import { stages } from '../stages.js'

/** `stages list`: what there is, and what each test asks for. */
export function listCommand(yargs: Argv): Argv {
  return yargs.command('list', 'List the stages and their tests', {}, () => {
    for (const stage of stages.values()) {
      process.stdout.write(`stage ${stage.number}: ${stage.title} (ports ${stage.ports.join(', ')})\n`)
      for (const { id, title, asks } of stage.tests) {
        process.stdout.write(`  ${id.padEnd(12)} ${title}\n  ${''.padEnd(12)} asked for: ${asks.expected}\n`)
      }
    }
  })
}
