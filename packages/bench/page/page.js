// Draws the charts of the page, again whenever the colours of the system change. `charts` and `Chart` come from the
// scripts before this one.
/* global Chart, charts, matchMedia */
const barHeight = 26
const dark = matchMedia('(prefers-color-scheme: dark)')
let drawn = []

// The colours are defined by functions of CSS: the browser resolves them.
function colour(name) {
  const probe = document.createElement('i')
  probe.style.color = `var(--${name})`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

function draw({ id, unit, bars }) {
  const canvas = document.getElementById(id)
  canvas.parentElement.style.height = `${bars.length * barHeight + 60}px`
  return new Chart(canvas, {
    type: 'barWithErrorBars',
    data: {
      labels: bars.map(({ label }) => label),
      datasets: [
        {
          data: bars.map(({ value, minimum, maximum }) => ({ x: value, xMin: minimum, xMax: maximum })),
          backgroundColor: bars.map(({ kind }) => colour(kind)),
          errorBarColor: colour('text'),
          errorBarWhiskerColor: colour('text'),
        },
      ],
    },
    options: {
      indexAxis: 'y',
      animation: false,
      maintainAspectRatio: false,
      plugins: {
        legend: { display: false },
        tooltip: {
          displayColors: false,
          callbacks: { title: () => '', label: ({ dataIndex }) => bars[dataIndex].lines },
        },
      },
      scales: {
        x: {
          beginAtZero: true,
          title: { display: true, text: unit, color: colour('quiet') },
          grid: { color: colour('line') },
          ticks: { color: colour('quiet') },
        },
        y: { grid: { display: false }, ticks: { color: colour('text'), autoSkip: false } },
      },
    },
  })
}

function drawAll() {
  for (const chart of drawn) chart.destroy()
  drawn = charts.filter(({ bars }) => bars.length > 0).map(draw)
}

dark.addEventListener('change', drawAll)
drawAll()
