import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** The path of a program, if this machine has it. */
export function findTool(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(':').filter(folder => folder !== '')
  return folders.map(folder => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
