import { join, relative } from 'node:path'
import { quote, type Settings } from '../settings.js'
import { type TestResult, wasTried } from '../verdict.js'
import { indent } from './lines.js'

/**
 * What somebody whose program did not pass can do now: where the evidence is, and how to repeat the first test that it
 * did not pass. Lines; none when all passed.
 */
export function describeNextSteps(settings: Settings, results: readonly TestResult[]): string[] {
  const first = results.find(result => result.verdict !== 'pass' && wasTried(result))
  if (!first) return []
  const { evidenceFolder, target } = settings
  const steps = [
    `all that was seen of ${first.id}: ${here(join(evidenceFolder, `${first.id}.json`))}`,
    `to repeat it: ${repeatCommand(settings, first.id)}`,
  ]
  if ('command' in target) {
    steps.splice(1, 0, `what the program wrote: ${here(join(evidenceFolder, first.id))}/stdout.log, stderr.log`)
    const folder = target.workingDirectory === undefined ? '"$(mktemp -d)"' : quote(target.workingDirectory)
    if (first.id === 'start') steps.push(`to see for yourself: (cd ${folder} && ${target.command})`)
  }
  return ['', ...steps.flatMap(step => indent(0, step)), '']
}

function repeatCommand({ stage, seed, options }: Settings, id: string): string {
  // The start is part of every run.
  const only = id === 'start' ? [] : ['--only', id]
  return `pnpm stages ${['run', stage.number, ...only, '--seed', seed, ...options].map(String).map(quote).join(' ')}`
}

/** A path as short as it can be written from here. */
function here(path: string): string {
  const short = relative('', path)
  return short.startsWith('..') ? path : short
}
