import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts } from './free-ports.js'

const root = new URL('../../', import.meta.url)

/** The command line that starts a fixture: of the package (`correct/plain.js`) or of these tests (`test:blocks.js`). */
export function fixtureCommand(name: string): string {
  const path = name.startsWith('test:') ? `test/fixtures/${name.slice(5)}` : `fixtures/${name}`
  return `exec '${process.execPath}' '${fileURLToPath(new URL(path, root))}'`
}

/** The environment that tells a fixture its ports. */
export function portsEnvironment(ports: readonly number[]): Record<string, string> {
  return { PORTS: ports.join(','), HOST: '127.0.0.1' }
}

export interface Place {
  readonly ports: number[]
  readonly folder: string
}

/** Lends free ports and an empty folder, and removes the folder in any case. */
export async function withPlace<Result>(count: number, use: (place: Place) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'stages-test-'))
  try {
    return await use({ folder, ports: await freePorts(count) })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
