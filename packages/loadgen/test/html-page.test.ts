import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { LatencySummary } from '../src/measurement/latency-recorder.js'
import { type Chart, chartsOf } from '../src/output/html/chart.js'
import { htmlPage } from '../src/output/html/html-page.js'
import type { RunResult } from '../src/output/output.js'
import type { Interval } from '../src/report.js'
import { madeUpReport, madeUpServer } from './made-up-report.js'

const test = suite('html page', { timeLimit: 60_000 })

const course = { rates: Array.from({ length: 20 }, (_, second) => 1000 + second), latencies: [100, 200, 300, 9000] }

const result: RunResult = {
  report: madeUpReport(course, {
    server: madeUpServer(21),
    lag: { scheduled: 20_000, late: 12, lateness: 1, longest: 7.5, total: 30, unsent: 0 },
  }),
  thresholds: [
    { threshold: 'p99<1ms', figure: 'p99', of: 'value', actual: 9.003, met: false },
    { threshold: 'errors==0', figure: 'errors', of: 'value', actual: 0, met: true },
  ],
}

test('the page needs nothing from elsewhere, and no text of a run can end its scripts', () => {
  const { report } = result
  const hostile = '</script><script>alert(1)</script>'
  const html = htmlPage({
    ...result,
    report: { ...report, plan: { ...report.plan, targets: [{ host: hostile, port: 1 }] } },
  })
  assert.not.match(html, /(?:src|href)=/)
  assert.not.match(html, /@import|url\(/)
  assert.not.ok(html.includes(hostile))
  assert.is(html.match(/<\/script>/g)?.length, 3)
})

test('what was not measured has no chart', () => {
  const html = htmlPage({ report: madeUpReport(undefined, { latency: {} }), thresholds: [] })
  assert.match(html, /<figure class="card" id="rate">/)
  assert.not.match(html, /<figure class="card" id="percentiles">/)
  assert.not.match(html, /<figure class="card" id="cpu">/)
})

test('a percentile that too few latencies stand for is not shown', () => {
  const html = htmlPage({ report: madeUpReport({ rates: [20, 30], latencies: [100] }), thresholds: [] })
  assert.match(html, /<b>100 µs<\/b><span>p50 latency<\/span>/)
  assert.not.match(html, /p99 latency/)
  assert.match(html, /<td>100 µs<\/td><td>100 µs<\/td><td>–<\/td><td>–<\/td><td>–<\/td><td>100 µs<\/td>/)
})

test('a run of days has no more points than a screen, and keeps what they add up to', () => {
  const { report } = result
  const [ramp, one] = report.intervals as [Interval, Interval]
  const days = Array.from({ length: 30_000 }, (_, index) => ({ ...one, start: index * 1000, end: (index + 1) * 1000 }))
  const peak = { ...one.fromSend, max: 777 } as LatencySummary
  const intervals = [ramp, ...days.with(12_345, { ...(days[12_345] as Interval), fromSend: peak })]
  const charts = chartsOf({ ...report, intervals })
  const chart = (name: string) => charts.find(({ id }) => id === name) as Chart
  assert.is(chart('rate').x.length, 3751)
  assert.equal(new Set(chart('rate').series[0]?.values), new Set([0, 1000]))
  assert.is(Math.max(...(chart('latency').series.at(-1)?.values ?? []).map(Number)), 777)
  assert.match(htmlPage({ ...result, report: { ...report, intervals } }), /Each point stands for 8 intervals/)
})

const browserFile = findBrowser()

/** A test in a browser; where there is none it is skipped, and says so. */
function inBrowser(name: string, use: (page: Page) => Promise<void>): void {
  if (browserFile === undefined) {
    test.skip(name, 'no chromium on PATH')
    return
  }
  test(name, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'loadgen-page-'))
    let browser: Browser | undefined
    try {
      const file = join(folder, 'run.html')
      writeFileSync(file, htmlPage(result))
      browser = await chromium.launch({ executablePath: browserFile })
      const page = await browser.newPage({ viewport: { width: 1200, height: 900 } })
      const said: string[] = []
      page.on('console', message => said.push(message.text()))
      page.on('pageerror', error => said.push(error.message))
      page.on('request', request => request.url() === pathToFileURL(file).href || said.push(request.url()))
      await page.goto(pathToFileURL(file).href)
      await use(page)
      assert.equal(said, [], 'the console is empty, and nothing was fetched')
    } finally {
      await browser?.close()
      rmSync(folder, { recursive: true })
    }
  })
}

inBrowser('it shows figures, charts, options and environment', async page => {
  assert.is(await page.title(), 'loadgen: strings to 127.0.0.1:8001')
  assert.equal(await page.locator('.chip').allInnerTexts(), [
    '✓ ok',
    '✗ p99<1ms not met: 9.003 ms',
    '✓ errors==0 met: 0',
  ])
  // Too few to doubt the figures: a fact, no warning.
  assert.is(await page.locator('.notice').count(), 0)
  assert.is(await page.getByText('12 of 20,000 sent more than 1 ms late by loadgen').count(), 1)
  const tiles = await page.locator('.tile').allInnerTexts()
  for (const tile of [
    '1,010/s\nmessages',
    '200 µs\np50 latency',
    '9 ms\np99 latency',
    "50 %\nserver's CPU, of a core",
  ]) {
    assert.ok(tiles.includes(tile), `${tile} in ${tiles.join(' | ')}`)
  }
  assert.equal(await page.locator('figure h2').allInnerTexts(), [
    'Messages per second',
    'Latency',
    'Connections',
    "The server's CPU",
    "The server's memory",
    'Latency by percentile',
  ])
  assert.is(await page.locator('figure canvas').count(), 6)
  for (const text of ['connect-timeout', 'Linux 6.1.0 x64', 'A CPU, 2 cores', 'v20.20.2']) {
    assert.is(await page.getByText(text, { exact: true }).count(), 1, text)
  }
})

/** From where to where the charts of time now go, in seconds. */
const span = (page: Page, chart: string) =>
  page.evaluate(`[plots.get('${chart}').plot.scales.x.min, plots.get('${chart}').plot.scales.x.max]`)

inBrowser('hovering tells the figures of a moment, in all charts of time', async page => {
  const { x, y, width } = await boxOf(page, 'rate')
  // The middle of 21 s: 10.5 s, the middle of the eleventh interval.
  await page.mouse.move(x + width / 2, y + 50)
  assert.equal(await legendOf(page, 'rate'), ['time: 10.5 s', 'messages: 1,009/s'])
  assert.equal((await legendOf(page, 'latency')).slice(0, 2), ['time: 10.5 s', 'p50: 200 µs'])
  assert.equal(await legendOf(page, 'cpu'), ['time: 10.5 s', 'CPU: 50 %'])
})

inBrowser('dragging zooms all charts of time, a double click shows everything again', async page => {
  const { x, y, width } = await boxOf(page, 'rate')
  await page.mouse.move(x + width / 4, y + 50)
  await page.mouse.down()
  await page.mouse.move(x + width / 2, y + 50, { steps: 4 })
  await page.mouse.up()
  for (const chart of ['rate', 'latency', 'memory']) {
    const [min, max] = (await span(page, chart)) as [number, number]
    assert.ok(Math.abs(min - 5.25) < 0.1 && Math.abs(max - 10.5) < 0.1, `${chart}: ${min} to ${max}`)
  }
  await page.mouse.dblclick(x + width / 2, y + 50)
  assert.equal(await span(page, 'latency'), [0, 21])
  assert.equal(await span(page, 'rate'), [0, 21])
})

inBrowser('the logarithmic scale can be switched off', async page => {
  const scale = () => page.evaluate("plots.get('latency').plot.scales.y.distr")
  assert.is(await scale(), 3)
  await page.locator('#latency input').uncheck()
  assert.not.equal(await scale(), 3)
})

inBrowser('it is readable in the dark, and fits a narrow window', async page => {
  const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
  const line = () => page.evaluate("plots.get('rate').plot.series[1].stroke()")
  await page.emulateMedia({ colorScheme: 'light' })
  const [light, lightLine] = [await ground(), await line()]
  await page.emulateMedia({ colorScheme: 'dark' })
  assert.not.equal(await ground(), light)
  await page.waitForFunction(`plots.get('rate')?.plot.series[1].stroke() !== '${lightLine}'`)
  await page.setViewportSize({ width: 360, height: 800 })
  await page.waitForFunction("plots.get('rate').plot.width < 360")
  assert.ok(Number(await page.evaluate('document.documentElement.scrollWidth')) <= 360)
})

async function legendOf(page: Page, chart: string): Promise<string[]> {
  const texts = (part: string) => page.locator(`#${chart} .u-series ${part}`).allInnerTexts()
  const values = await texts('.u-value')
  return (await texts('.u-label')).map((label, index) => `${label}: ${values[index]}`)
}

async function boxOf(page: Page, chart: string): Promise<{ x: number; y: number; width: number }> {
  const box = await page.locator(`#${chart} .u-over`).boundingBox()
  if (box === null) throw new Error(`chart ${chart} is not shown`)
  return box
}

function findBrowser(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const files = ['chromium', 'chromium-browser', 'google-chrome'].flatMap(name =>
    folders.map(folder => join(folder, name))
  )
  return files.find(file => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

test.run()
