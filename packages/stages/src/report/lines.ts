import wrapAnsi from 'wrap-ansi'

/** Narrower than this, words break more than they help. */
const narrowest = 40

/**
 * Columns of the terminal, or as many as `COLUMNS` says; undefined for a pipe or a file, whose lines stay whole so that
 * they can be searched.
 */
function columns(): number | undefined {
  const width = process.stdout.columns ?? Number(process.env.COLUMNS)
  return width > 0 ? Math.max(narrowest, width) : undefined
}

/** A paragraph as lines, `by` columns from the left, the second and further ones `hanging` more. */
export function indent(by: number, text: string, hanging = 2): string[] {
  const width = columns()
  const lines = width === undefined ? [text] : wrapAnsi(text, width - by - hanging).split('\n')
  return lines.map((line, index) => `${' '.repeat(index === 0 ? by : by + hanging)}${line}`)
}
