import { readFileSync } from 'node:fs'
import { UsageError } from 'command-line'

/**
 * Reads who may write to the journal: a name on each line, empty lines and those that begin with `#` apart. Names are
 * compared byte by byte. Throws a UsageError.
 */
export function readUsers(path: string): string[] {
  let text: string
  try {
    text = readFileSync(path, 'latin1')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`'${path}' cannot be read (${code}); expected a file with a user on each line`)
  }
  const lines = text.split('\n').map(line => line.trim())
  const users = lines.filter(line => line !== '' && !line.startsWith('#'))
  const wrong = users.find(user => user.includes(':'))
  if (wrong !== undefined) throw new UsageError(`user '${wrong}' in '${path}' has a colon, which ends a name`)
  if (users.length === 0) throw new UsageError(`'${path}' names no user; expected one on each line`)
  return users
}
