/* global uPlot, run */

const phaseNames = { ramp: 'ramp', warmup: 'warm-up', drain: 'drain' }
const plotHeights = { rate: 240, latency: 300, percentiles: 300 }
const otherHeight = 170
/** Points are marked where there are so few that a line alone would hide them. */
const markedPoints = 60
const timeSync = uPlot.sync('time')
const significant = digits => new Intl.NumberFormat('en-US', { maximumSignificantDigits: digits })
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

const binary = value => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const step = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10))
  return `${significant(3).format(value / 1024 ** step)} ${units[step]}`
}

const latency = value => {
  if (value === 0) return '0'
  if (value < 1) return `${significant(3).format(value * 1000)} µs`
  return value < 1000 ? `${significant(3).format(value)} ms` : `${significant(3).format(value / 1000)} s`
}

const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 })

/** How a value of a unit is written on an axis, and in the legend. */
const writers = {
  'per second': [
    value => compact.format(value),
    value => `${value < 100 ? significant(3).format(value) : whole.format(value)}/s`,
  ],
  'bytes per second': [value => `${binary(value)}/s`, value => `${binary(value)}/s`],
  milliseconds: [latency, latency],
  bytes: [binary, binary],
  percent: [value => `${significant(3).format(value)} %`, value => `${significant(3).format(value)} %`],
  count: [value => compact.format(value), value => whole.format(value)],
}

/** 2 is 99 %, 3 is 99.9 %. */
const percentile = (nines, decimals = Math.max(0, Math.ceil(nines - 2))) =>
  `${(100 * (1 - 10 ** -nines)).toFixed(decimals)} %`

const across = {
  time: {
    label: 'time',
    axis: value => `${significant(6).format(value)} s`,
    legend: value => `${value.toFixed(run.end < 1 ? 4 : run.end < 10 ? 2 : 1)} s`,
  },
  nines: {
    label: 'percentile',
    axis: value => (Number.isInteger(value) ? percentile(value) : ''),
    legend: nines => percentile(nines, Math.max(1, Math.ceil(nines))),
  },
}

/** Round numbers of bytes. */
const binarySteps = Array.from({ length: 50 }, (_, power) => 2 ** power)

const plots = new Map()
let zooming = false

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

/** Shades what does not count, and where there is room for it names it. */
function bands(named) {
  return {
    hooks: {
      drawAxes: plot => {
        const { ctx, bbox } = plot
        ctx.save()
        ctx.beginPath()
        ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
        ctx.clip()
        ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`
        ctx.textBaseline = 'top'
        ctx.textAlign = 'left'
        for (const { phase, start, end } of run.bands) {
          const from = plot.valToPos(start, 'x', true)
          const to = plot.valToPos(end, 'x', true)
          ctx.fillStyle = colour('band')
          ctx.fillRect(from, bbox.top, to - from, bbox.height)
          const text = phaseNames[phase] ?? phase
          if (!named || ctx.measureText(text).width + 8 * devicePixelRatio > to - from) continue
          ctx.fillStyle = colour('dim')
          ctx.fillText(text, from + 4 * devicePixelRatio, bbox.top + 4 * devicePixelRatio)
        }
        ctx.restore()
      },
    },
  }
}

/** Shows one stretch of time in all charts of time. */
function zoomTo(min, max) {
  zooming = true
  for (const { plot, chart } of plots.values()) if (chart.across === 'time') plot.setScale('x', { min, max })
  zooming = false
}

function options(chart, width, logarithmic) {
  const isTime = chart.across === 'time'
  const [onAxis, inLegend] = writers[chart.unit]
  const place = across[chart.across]
  const axis = { stroke: colour('dim'), grid: { stroke: colour('line'), width: 1 }, ticks: { stroke: colour('line') } }
  const written = write => (_plot, splits) => splits.map(value => (value === null ? '' : write(value)))
  return {
    width,
    height: plotHeights[chart.id] ?? otherHeight,
    scales: {
      x: { time: false },
      y: logarithmic
        ? { distr: 3 }
        : { range: (_plot, _min, max) => [0, uPlot.rangeNum(0, max > 0 ? max : 1, 0.1, true)[1]] },
    },
    axes: [
      {
        ...axis,
        values: written(place.axis),
        ...(isTime ? { space: 60 } : { splits: (plot, _axis, min, max) => nines(min, max, plot.width) }),
      },
      { ...axis, values: written(onAxis), size: 68, ...(chart.unit.startsWith('bytes') ? { incrs: binarySteps } : {}) },
    ],
    series: [
      { label: place.label, value: (_plot, value) => (value === null ? '–' : place.legend(value)) },
      ...chart.series.map(({ label, colour: name }) => ({
        label,
        stroke: colour(name),
        width: name === 'max' ? 1 : 1.75,
        dash: name === 'max' ? [4, 4] : undefined,
        points: { show: chart.x.length <= markedPoints && isTime, size: 4, fill: colour(name) },
        value: (_plot, value) => (value === null ? '–' : inLegend(value)),
      })),
    ],
    padding: isTime ? undefined : [null, labelRoom / 2, null, null],
    cursor: {
      drag: { x: true, y: false },
      y: false,
      ...(isTime
        ? { sync: { key: timeSync.key, scales: ['x', null] }, bind: { dblclick: () => () => zoomTo(0, run.end) } }
        : {}),
    },
    plugins: isTime ? [bands(chart.id in plotHeights)] : [],
    hooks: {
      setScale: [
        (plot, scale) => {
          if (scale !== 'x' || !isTime || zooming || !plots.has(chart.id)) return
          zoomTo(plot.scales.x.min, plot.scales.x.max)
        },
      ],
    },
  }
}

/** Room for `99.9999 %`, in pixels. */
const labelRoom = 80

/** Whole numbers of nines, as many as there is room for. */
function nines(min, max, width) {
  const step = Math.max(1, Math.ceil(((max - min) * labelRoom) / width))
  const first = Math.ceil(min / step) * step
  return Array.from({ length: Math.max(0, Math.floor((max - first) / step) + 1) }, (_, index) => first + index * step)
}

function draw(chart) {
  const place = document.querySelector(`#${chart.id} .plot`)
  const before = plots.get(chart.id)?.plot
  const zoom = before && { min: before.scales.x.min, max: before.scales.x.max }
  before?.destroy()
  plots.delete(chart.id)
  const logarithmic = document.querySelector(`[data-logarithmic="${chart.id}"]`)?.checked ?? false
  // Zero has no place on a logarithmic scale.
  const values = chart.series.map(({ values }) => values.map(value => (logarithmic && value === 0 ? null : value)))
  const plot = new uPlot(options(chart, place.clientWidth, logarithmic), [chart.x, ...values], place)
  if (chart.across === 'time') plot.setScale('x', zoom ?? { min: 0, max: run.end })
  plots.set(chart.id, { plot, chart })
}

function drawAll() {
  for (const chart of run.charts) draw(chart)
}

drawAll()
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)
for (const chart of run.charts) {
  document.querySelector(`[data-logarithmic="${chart.id}"]`)?.addEventListener('change', () => draw(chart))
}

new ResizeObserver(() => {
  for (const { plot, chart } of plots.values()) {
    const width = plot.root.parentElement.clientWidth
    if (width !== plot.width) plot.setSize({ width, height: plotHeights[chart.id] ?? otherHeight })
  }
}).observe(document.querySelector('.charts') ?? document.body)
