import Table from 'cli-table3'

/** A fact: what it is about, or nothing where it belongs to the one above. */
export type Row = [name: string, text: string]

const noBorders = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap(side =>
    ['', '-mid', '-left', '-right'].map(part => [`${side}${part}`, ''])
  )
)

/** Facts are broken to this many columns, figures are not. */
const textColumns = 80

/** A table without borders: cells two spaces apart, all columns but the first to the right where they are figures. */
export function plainTable(rows: readonly (readonly string[])[], align: 'left' | 'figures' = 'left'): string {
  const width = Math.max(0, ...rows.map(row => row.length))
  const names = Math.max(0, ...rows.map(row => (row[0] ?? '').length))
  const isFacts = align === 'left' && width === 2
  const table = new Table({
    chars: { ...noBorders, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    ...(isFacts ? { wordWrap: true, colWidths: [names, textColumns - names - 2] } : {}),
    colAligns: Array.from({ length: width }, (_, column) => (align === 'left' || column === 0 ? 'left' : 'right')),
  })
  table.push(...rows.map(row => [...row]))
  return table
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
}
