import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Command } from '../program.js'

/** What `pnpm server` or `pnpm loadgen` becomes with these arguments (see packages/run-tool.sh). */
export function ourTool(room: 'server' | 'loadgen', args: readonly string[]): Command {
  const entry = import.meta.resolve(room)
  const options = new URL('../../node-options', entry)
  const words = existsSync(options) ? readFileSync(options, 'utf8').trim().split(/\s+/) : []
  return { program: process.execPath, args: [...words, fileURLToPath(new URL('./cli.js', entry)), ...args] }
}
