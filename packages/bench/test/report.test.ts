import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { figuresOf } from '../src/report/figures.js'
import { formatComparison } from '../src/report/formats.js'
import { gridOf, notesOf, textOf } from '../src/report/grid.js'
import { htmlPage } from '../src/report/html.js'
import { markdownPage } from '../src/report/markdown.js'
import { overviewsOf } from '../src/report/overview.js'
import { closingText } from '../src/report/table.js'
import type { ContenderReport } from '../src/report.js'
import { benchReport, caseReport, contender, round } from './made-up-report.js'

const test = suite('report')

const reference = contender(
  'c-epoll',
  [100, 101, 99, 100, 102, 98, 100].map(rate => round(rate))
)
const faster = contender(
  'sluice-epoll',
  [130, 131, 129, 130, 133, 127, 130].map(rate => round(rate))
)
const unsteady = contender(
  'go',
  [130, 90, 80, 140, 120, 90, 100].map(rate => round(rate))
)
const report = caseReport([reference, faster, unsteady])
const whole = benchReport([report])

function ratioOf(each: ContenderReport): string {
  const [figures] = figuresOf(caseReport([reference, each]), whole).filter(({ isReference }) => !isReference)
  return figures === undefined ? '' : formatComparison(figures, report.metric)
}

test('a ratio is shown only where the rounds carry it', () => {
  assert.is(ratioOf(faster), '1.30 (1.30 to 1.30)')
  assert.is(ratioOf(unsteady), 'within noise')
  assert.is(
    ratioOf(
      contender(
        'few',
        [200, 200].map(rate => round(rate))
      )
    ),
    'needs 6 rounds'
  )
  const everywhere = [htmlPage, markdownPage, closingText].map(print =>
    print(benchReport([caseReport([reference, unsteady])]))
  )
  // The median of its ratios: it must stand nowhere.
  for (const text of everywhere) assert.not.match(text, /1\.00 \(|0\.98|1\.00 to/)
})

test('the overview shows ratios, and after too few rounds the figures', () => {
  const cellsOf = (rounds: number) => {
    const contenders = [reference, faster].map(each => ({ ...each, rounds: each.rounds.slice(0, rounds) }))
    return overviewsOf(benchReport([caseReport(contenders)])).flatMap(({ rows }) => rows.flat().map(textOf))
  }
  assert.equal(cellsOf(7), ['requests-64x64', 'more', '100/s', '1.30 (1.30 to 1.30)'])
  assert.equal(cellsOf(1), ['requests-64x64', 'more', '100/s', '130/s'])
})

test('the best stands first, whatever better means', () => {
  const names = (better: 'higher' | 'lower') =>
    figuresOf(caseReport([reference, faster], { metric: { ...report.metric, better } }), whole).map(({ name }) => name)
  assert.equal(names('higher'), ['sluice-epoll', 'c-epoll'])
  assert.equal(names('lower'), ['c-epoll', 'sluice-epoll'])
})

test('news is good or bad by what better means', () => {
  const tone = (better: 'higher' | 'lower') =>
    gridOf(caseReport([reference, faster], { metric: { ...report.metric, better } }), whole)
      .rows.flat()
      .flatMap(cell => (typeof cell === 'string' ? [] : [cell.tone]))
  assert.equal(tone('higher'), ['better'])
  assert.equal(tone('lower'), ['worse'])
})

test('memory is compared by its difference', () => {
  const metric = { name: 'requests', unit: 'bytes', better: 'lower' } as const
  const heavier = contender(
    'go',
    [1124, 1125, 1123, 1124, 1126, 1122, 1124].map(bytes => round(bytes))
  )
  const { head, rows } = gridOf(caseReport([reference, heavier], { metric }), whole)
  assert.ok(head.includes('above c-epoll'))
  assert.equal(rows[1]?.[head.indexOf('above c-epoll')], { text: '+1 KiB (1 KiB to 1 KiB)', tone: 'worse' })
})

test('CPU time is counted for each million messages and each GiB', () => {
  const figures = (cpuFor: 'million messages' | 'GiB' | 'nothing') =>
    figuresOf(caseReport([reference], { cpuFor }), whole)[0]?.cpu
  assert.is(figures('million messages'), 1.9 / (200 / 1e6))
  assert.is(figures('GiB'), 1.9 / ((100 * 128) / 1024 ** 3))
  assert.is(figures('nothing'), undefined)
})

const limits: readonly (readonly [own: number, other: number, others: number, limit: string])[] = [
  [1.95, 1.0, 0, 'itself'],
  [1.0, 1.95, 0, 'other side'],
  [1.0, 1.0, 0, 'waiting'],
  [1.95, 1.95, 0.45, 'all cores'],
  [1.0, 1.0, 0.7, 'all cores'],
]
for (const [own, other, others, limit] of limits) {
  test(`own CPU ${own} s, other ${other} s of 2 s, others ${others}: limited by ${limit}`, () => {
    const changes = { own: { cpuSeconds: own }, other: { cpuSeconds: other }, disturbance: { stolen: 0, others } }
    const limited = contender('c-epoll', [round(100, changes)])
    assert.is(figuresOf(caseReport([limited]), whole)[0]?.limit, limit)
  })
}

test('a load client that was the limit is named', () => {
  const held = contender('go', [round(100, { own: { cpuSeconds: 1 }, other: { cpuSeconds: 1.95 } })])
  assert.match(notesOf(caseReport([reference, held]), whole).join('\n'), /load client was the limit.*: go\./)
  // With two threads it was half idle.
  assert.equal(notesOf(caseReport([reference, held]), { ...whole, loadThreads: 2 }), [])
})

test('failures, absences and a late load client are told', () => {
  const failing = contender('go', [null, round(90), null], ['the server ended: out of memory'])
  const late = contender('bun', [round(80, { lateness: 0.025 })])
  const skipped = [{ contender: 'socat', reason: 'not with 1000 connections: it forks' }]
  const notes = notesOf(caseReport([reference, failing, late], { skipped }), whole)
  assert.equal(notes, [
    'go failed: the server ended: out of memory.',
    'socat skipped: not with 1000 connections: it forks.',
    'The load client itself sent messages more than 1 ms after they were due: 2.5 % of those to bun.',
  ])
  const nothing = contender('rust', [null], ['does not start: no'])
  assert.equal(figuresOf(caseReport([nothing]), whole), [])
  assert.match(markdownPage(benchReport([caseReport([nothing])])), /rust failed: does not start: no\./)
})

test('rounds are paired by their number, also when some failed', () => {
  const halved = contender('go', [null, ...[50.5, 49.5, 50, 51, 49, 50].map(rate => round(rate))])
  assert.is(ratioOf(halved), '0.50 (0.50 to 0.50)')
})

test('any rounds make figures', () => {
  const rates = fc.array(fc.option(fc.double({ min: 1, max: 1e6, noNaN: true })), { minLength: 1, maxLength: 9 })
  fc.assert(
    fc.property(rates, rates, (one, other) => {
      const rounds = (all: (number | null)[]) => all.map(rate => (rate === null ? null : round(rate)))
      const mixed = caseReport([contender('c-epoll', rounds(one)), contender('sluice-uring', rounds(other))])
      const { head, rows } = gridOf(mixed, whole)
      assert.is(rows.length, [one, other].filter(all => all.some(rate => rate !== null)).length)
      for (const row of rows) {
        assert.is(row.length, head.length)
        for (const cell of row) assert.not.match(textOf(cell), /NaN|undefined|Infinity/)
      }
    })
  )
})

test('Markdown: a table with as many cells in each line', () => {
  const text = markdownPage(whole)
  assert.match(text, /^# Results of `pnpm bench`$/m)
  assert.match(text, /^- 2026-01-02 03:04 UTC, commit abc1234$/m)
  assert.match(text, /^- Linux 6; A <CPU>, 4 cores, 16 GiB; TCP congestion control cubic$/m)
  assert.match(text, /^\| sluice-epoll \| 130 \| -2 % \+2 % \| 1\.30 \(1\.30 to 1\.30\) \|/m)
  const tables = text
    .trim()
    .split('\n\n')
    .filter(block => block.startsWith('|'))
  assert.is(tables.length, 2)
  for (const table of tables) assert.is(new Set(table.split('\n').map(line => line.split('|').length)).size, 1)
})

test('HTML: one page that needs nothing else, with its data inside', () => {
  const hostile = benchReport([caseReport([reference, contender('sluice-</script>', [round(90)])])])
  const page = htmlPage(hostile)
  assert.not.match(page, /<script[^>]+src=|<link|sourceMappingURL|@import|url\(/)
  assert.match(page, /A &#60;CPU&#62;/)
  assert.match(page, /<canvas id="requests-64x64"/)
  const scripts = page.split('<script>').length - 1
  assert.is(page.split('</script>').length - 1, scripts)
})

test('a quick, a noisy and an unfinished run say so', () => {
  const noise = { ...whole.noise, verdict: 'too noisy' } as const
  const doubtful = benchReport([report], { noise, quick: true, interrupted: true })
  for (const print of [htmlPage, markdownPage, closingText]) {
    const text = print(doubtful)
    assert.match(text, /too noisy/)
    assert.match(text, /quick run/)
    assert.match(text, /Ended early/)
  }
  assert.not.match(htmlPage(whole), /class="warning"/)
})

test.run()
